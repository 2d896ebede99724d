package bench_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	goredis "github.com/redis/go-redis/v9"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ingressFloor is a webhook without anything that makes it fit for production:
// read, verify, decode, remember, enqueue. It seals nothing, logs nothing,
// measures nothing, has no deadline of its own, keeps no mailbox, forgets a
// message that it could not enqueue, and knows of one kind of message only.
type ingressFloor struct {
	secret []byte
	redis  *goredis.Client
	tasks  *cloudtasks.Client
}

// floorWebhook is what a receiver of texts needs of a webhook.
type floorWebhook struct {
	Entry []struct {
		Changes []struct {
			Value struct {
				Metadata struct {
					PhoneNumberID string `json:"phone_number_id"`
				} `json:"metadata"`
				Messages []floorMessage `json:"messages"`
			} `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

type floorMessage struct {
	From       string `json:"from"`
	FromUserID string `json:"from_user_id"`
	ID         string `json:"id"`
	Timestamp  string `json:"timestamp"`
	Type       string `json:"type"`
	Text       struct {
		Body string `json:"body"`
	} `json:"text"`
}

func (f *ingressFloor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if !f.signed(body, r.Header.Get("X-Hub-Signature-256")) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var webhook floorWebhook
	if err := json.Unmarshal(body, &webhook); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, entry := range webhook.Entry {
		for _, change := range entry.Changes {
			for _, message := range change.Value.Messages {
				if err := f.take(r.Context(), message); err != nil {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
			}
		}
	}
	w.WriteHeader(http.StatusOK)
}

func (f *ingressFloor) signed(body []byte, header string) bool {
	if len(header) != len("sha256=")+2*sha256.Size {
		return false
	}
	given, err := hex.DecodeString(header[len("sha256="):])
	mac := hmac.New(sha256.New, f.secret)
	mac.Write(body)
	return err == nil && hmac.Equal(mac.Sum(nil), given)
}

func (f *ingressFloor) take(ctx context.Context, m floorMessage) error {
	fresh, err := f.redis.SetArgs(ctx, "floor:"+m.ID, "1", goredis.SetArgs{Mode: "NX", TTL: 48 * time.Hour}).Result()
	if errors.Is(err, goredis.Nil) || err == nil && fresh != "OK" {
		return nil
	}
	if err != nil {
		return err
	}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	const parent = "projects/" + project + "/locations/us-central1/queues/atende-inbound"
	sum := sha256.Sum256([]byte(m.ID))
	_, err = f.tasks.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: parent, Task: &cloudtaskspb.Task{
		Name:             parent + "/tasks/" + hex.EncodeToString(sum[:16]),
		DispatchDeadline: durationpb.New(180 * time.Second),
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
			Url: workerURL + "/tasks/inbound", HttpMethod: cloudtaskspb.HttpMethod_POST,
			Headers: map[string]string{"Content-Type": "application/json"}, Body: body,
			AuthorizationHeader: &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
				ServiceAccountEmail: invoker, Audience: workerURL,
			}},
		}},
	}})
	return err
}

func serveIngressFloor(ctx context.Context) error {
	redis, err := floorRedis()
	if err != nil {
		return err
	}
	tasks, err := cloudtasks.NewClient(ctx, local(os.Getenv("CLOUD_TASKS_EMULATOR_HOST"))...)
	if err != nil {
		return err
	}
	return serveFloor(ctx, "/webhook/whatsapp", &ingressFloor{secret: []byte(appSecret), redis: redis, tasks: tasks})
}

// floorRedis is a client with the settings that were found to be the quickest,
// so that what is compared is code and not settings.
func floorRedis() (*goredis.Client, error) {
	options, err := goredis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		return nil, err
	}
	options.Protocol = 2
	options.DisableIdentity = true
	options.PoolSize = 64
	return goredis.NewClient(options), nil
}

// local are the options of a generated client for a stand-in.
func local(address string) []option.ClientOption {
	return []option.ClientOption{
		option.WithEndpoint(address), option.WithoutAuthentication(), option.WithTelemetryDisabled(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
}

// serveFloor serves one route, ready from the start.
func serveFloor(ctx context.Context, route string, handler http.Handler) error {
	return serve(ctx, func(l net.Listener) error {
		mux := http.NewServeMux()
		mux.Handle("POST "+route, handler)
		mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
		server := &http.Server{Handler: mux, ReadHeaderTimeout: patience}
		go func() {
			<-ctx.Done()
			_ = server.Close()
		}()
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
}
