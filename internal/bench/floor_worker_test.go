package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	firestore "cloud.google.com/go/firestore/apiv1"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	goredis "github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	floorDatabase = "projects/" + project + "/databases/(default)"
	floorPath     = floorDatabase + "/documents/floor/bench/"
	// floorLines keeps a session near the four kilobytes that Otto's have in
	// this benchmark.
	floorLines = 16
)

// workerFloor answers every message with the same text. It makes the round
// trips of a turn and nothing else: a lock, the session, the conversation and
// the message, a commit of both with the turn, the send, its result, a timer for
// who is new, the session. It seals nothing, checks no identity, decides nothing, logs
// nothing and loses a reply whose send fails.
type workerFloor struct {
	redis  *goredis.Client
	ledger *firestore.Client
	tasks  *cloudtasks.Client
	graph  string
	client *http.Client
	token  string
}

// floorTask is what a worker needs of a task.
type floorTask struct {
	ID           string    `json:"id"`
	Number       string    `json:"phone_number_id"`
	Conversation string    `json:"conversation"`
	ReceivedAt   time.Time `json:"received_at"`
	Payload      []byte    `json:"payload"`
}

type floorSession struct {
	Lines []floorLine `json:"lines"`
}

type floorLine struct {
	Who  string    `json:"who"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

type floorText struct {
	Body string `json:"body"`
}

type floorSend struct {
	Product   string    `json:"messaging_product"`
	Recipient string    `json:"recipient_type"`
	To        string    `json:"to"`
	Type      string    `json:"type"`
	Text      floorText `json:"text"`
}

type floorSent struct {
	Messages []struct {
		ID string `json:"id"`
	} `json:"messages"`
}

func (f *workerFloor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var task floorTask
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &task)
	}
	if err == nil {
		err = f.answer(r.Context(), task)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (f *workerFloor) answer(ctx context.Context, task floorTask) error {
	lock, key := "floor:lock:"+task.Conversation, "floor:session:"+task.Conversation
	if _, err := f.redis.SetArgs(ctx, lock, task.ID, goredis.SetArgs{Mode: "NX", TTL: 30 * time.Second}).Result(); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	var session floorSession
	cached, err := f.redis.Get(ctx, key).Bytes()
	stranger := errors.Is(err, goredis.Nil)
	switch {
	case stranger:
	case err != nil:
		return fmt.Errorf("session: %w", err)
	default:
		if err := json.Unmarshal(cached, &session); err != nil {
			return fmt.Errorf("session: %w", err)
		}
	}

	conversation, message, turn := floorPath+"c/"+task.Conversation, floorPath[:len(floorPath)-1]+"/m/"+task.ID, floorPath+"t/"+task.ID
	if err := f.read(ctx, conversation, message); err != nil {
		return fmt.Errorf("read: %w", err)
	}

	const reply = floorReply
	session.Lines = append(session.Lines,
		floorLine{Who: "lead", Text: leadText, At: task.ReceivedAt}, floorLine{Who: "otto", Text: reply, At: time.Now()})
	session.Lines = session.Lines[max(len(session.Lines)-floorLines, 0):]
	kept, err := json.Marshal(session)
	if err != nil {
		return err
	}
	if err := f.commit(ctx,
		floorWrite(conversation, map[string]*firestorepb.Value{"session": blob(kept), "turn": text(task.ID)}, nil),
		floorWrite(message, map[string]*firestorepb.Value{"body": blob(task.Payload), "conversation": text(task.Conversation), "turn": text(task.ID)}, nil),
		floorWrite(turn, map[string]*firestorepb.Value{"reply": text(reply), "conversation": text(task.Conversation), "at": moment(time.Now())}, nil),
	); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	id, err := f.send(ctx, task.Number, reply)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if err := f.commit(ctx, floorWrite(turn, map[string]*firestorepb.Value{"wamid": text(id), "sent_at": moment(time.Now())},
		[]string{"wamid", "sent_at"})); err != nil {
		return fmt.Errorf("commit result: %w", err)
	}
	if stranger {
		if err := f.watch(ctx, task); err != nil {
			return fmt.Errorf("watch: %w", err)
		}
	}
	_, err = f.redis.Pipelined(ctx, func(p goredis.Pipeliner) error {
		p.Set(ctx, key, kept, 2*time.Hour)
		p.Del(ctx, lock)
		return nil
	})
	return err
}

// watch creates the task that looks after a session when it is over.
func (f *workerFloor) watch(ctx context.Context, task floorTask) error {
	_, err := f.tasks.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{
		Parent: "projects/" + project + "/locations/us-central1/queues/atende-timer",
		Task: &cloudtaskspb.Task{
			ScheduleTime: timestamppb.New(time.Now().Add(2 * time.Hour)),
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
				Url: workerURL + "/tasks/timer", HttpMethod: cloudtaskspb.HttpMethod_POST, Body: []byte(task.Conversation),
			}},
		},
	})
	return err
}

func (f *workerFloor) read(ctx context.Context, names ...string) error {
	stream, err := f.ledger.BatchGetDocuments(ctx, &firestorepb.BatchGetDocumentsRequest{Database: floorDatabase, Documents: names})
	if err != nil {
		return err
	}
	for {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (f *workerFloor) commit(ctx context.Context, writes ...*firestorepb.Write) error {
	_, err := f.ledger.Commit(ctx, &firestorepb.CommitRequest{Database: floorDatabase, Writes: writes})
	return err
}

func floorWrite(name string, fields map[string]*firestorepb.Value, mask []string) *firestorepb.Write {
	w := &firestorepb.Write{Operation: &firestorepb.Write_Update{Update: &firestorepb.Document{Name: name, Fields: fields}}}
	if mask != nil {
		w.UpdateMask = &firestorepb.DocumentMask{FieldPaths: mask}
	}
	return w
}

func text(s string) *firestorepb.Value {
	return &firestorepb.Value{ValueType: &firestorepb.Value_StringValue{StringValue: s}}
}

func blob(b []byte) *firestorepb.Value {
	return &firestorepb.Value{ValueType: &firestorepb.Value_BytesValue{BytesValue: b}}
}

func moment(t time.Time) *firestorepb.Value {
	return &firestorepb.Value{ValueType: &firestorepb.Value_TimestampValue{TimestampValue: timestamppb.New(t)}}
}

func (f *workerFloor) send(ctx context.Context, from, reply string) (id string, err error) {
	body, err := json.Marshal(floorSend{
		Product: "whatsapp", Recipient: "individual", To: "+5511988887777", Type: "text", Text: floorText{Body: reply},
	})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.graph+"/v26.0/"+from+"/messages", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+f.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := f.client.Do(request)
	if err != nil {
		return "", err
	}
	answer, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return "", err
	}
	var sent floorSent
	if err := json.Unmarshal(answer, &sent); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK || len(sent.Messages) != 1 {
		return "", fmt.Errorf("refused: %s", response.Status)
	}
	return sent.Messages[0].ID, nil
}

func serveWorkerFloor(ctx context.Context) error {
	redis, err := floorRedis()
	if err != nil {
		return err
	}
	ledger, err := firestore.NewClient(ctx, local(os.Getenv("FIRESTORE_EMULATOR_HOST"))...)
	if err != nil {
		return err
	}
	tasks, err := cloudtasks.NewClient(ctx, local(os.Getenv("CLOUD_TASKS_EMULATOR_HOST"))...)
	if err != nil {
		return err
	}
	return serveFloor(ctx, "/tasks/inbound", &workerFloor{
		redis: redis, ledger: ledger, tasks: tasks, graph: os.Getenv("WHATSAPP_API_BASE_URL"), token: "bench-token",
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 20 * time.Second},
	})
}
