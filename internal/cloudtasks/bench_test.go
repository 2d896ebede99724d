package cloudtasks_test

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	gapic "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pyloto/atende/internal/cloudtasks"
)

// echo is the cheapest Cloud Tasks there is.
type echo struct {
	cloudtaskspb.UnimplementedCloudTasksServer
}

func (echo) CreateTask(_ context.Context, r *cloudtaskspb.CreateTaskRequest) (*cloudtaskspb.Task, error) {
	return &cloudtaskspb.Task{Name: r.GetTask().GetName()}, nil
}

// reportCPU adds the processor time of both ends per call, which means more on a
// shared machine than the time that passed.
func reportCPU(b *testing.B) func() {
	start := cpuTime(b)
	return func() {
		b.ReportMetric(float64((cpuTime(b)-start).Microseconds())/float64(b.N), "cpu-µs/op")
	}
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCreateTask compares Enqueue with the generated client and with the
// bare stub below it, all over loopback to the same server. The figures hold
// both ends of the call.
func BenchmarkCreateTask(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := grpc.NewServer()
	cloudtaskspb.RegisterCloudTasksServer(server, echo{})
	go func() { _ = server.Serve(l) }()
	b.Cleanup(server.Stop)
	const patience = 10 * time.Second // a busy machine is no failure here
	body := make([]byte, 1500)

	request := func() *cloudtaskspb.CreateTaskRequest {
		const parent = "projects/acme/locations/us-central1/queues/atende-inbound"
		return &cloudtaskspb.CreateTaskRequest{Parent: parent, Task: &cloudtaskspb.Task{
			Name:             parent + "/tasks/abcdefghijklmnopqrstuvwxyz-0",
			DispatchDeadline: durationpb.New(180 * time.Second),
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
				Url:        "https://worker.example/tasks/inbound",
				HttpMethod: cloudtaskspb.HttpMethod_POST,
				Headers:    map[string]string{"Content-Type": "application/json", "Traceparent": "00-ab-cd-01"},
				Body:       body,
				AuthorizationHeader: &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
					ServiceAccountEmail: invoker, Audience: "https://worker.example"}},
			}},
		}}
	}

	b.Run("stub", func(b *testing.B) {
		conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		stub := cloudtaskspb.NewCloudTasksClient(conn)
		b.ReportAllocs()
		defer reportCPU(b)()
		for b.Loop() {
			ctx, cancel := context.WithTimeout(b.Context(), patience)
			if _, err := stub.CreateTask(ctx, request()); err != nil {
				b.Fatal(err)
			}
			cancel()
		}
	})
	b.Run("generated", func(b *testing.B) {
		client, err := gapic.NewClient(b.Context(), option.WithEndpoint(l.Addr().String()), option.WithoutAuthentication(),
			option.WithTelemetryDisabled(), option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		b.ReportAllocs()
		defer reportCPU(b)()
		for b.Loop() {
			ctx, cancel := context.WithTimeout(b.Context(), patience)
			if _, err := client.CreateTask(ctx, request()); err != nil {
				b.Fatal(err)
			}
			cancel()
		}
	})
	b.Run("enqueue", func(b *testing.B) {
		client, err := cloudtasks.New(cloudtasks.Options{Project: "acme", Location: "us-central1",
			WorkerURL: "https://worker.example", InvokerEmail: invoker, EmulatorHost: l.Addr().String(), AttemptTimeout: patience})
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		header := map[string]string{"Traceparent": "00-ab-cd-01"}
		b.ReportAllocs()
		defer reportCPU(b)()
		for b.Loop() {
			if _, err := client.Enqueue(b.Context(), cloudtasks.Task{Queue: "atende-inbound",
				Name: "abcdefghijklmnopqrstuvwxyz-0", Path: "/tasks/inbound", Body: body, Header: header}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
