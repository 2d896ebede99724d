package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pyloto/atende/internal/cloudtasks"
	"github.com/pyloto/atende/internal/config"
)

// taskPath is one of the worker's doors for tasks.
const taskPath = "/tasks/inbound"

const (
	// healthPath is what every service answers to whoever is let in.
	healthPath = "/health"
	// deliveryPatience bounds the deliveries, each of which may start a worker.
	deliveryPatience = 20 * time.Second
)

// tasks is the client of the queues, as both services have it but for its patience.
func (p *patient) tasks() (*cloudtasks.Client, error) {
	at := p.worker.Tasks
	return cloudtasks.New(cloudtasks.Options{
		Project: at.Project, Location: at.Location, WorkerURL: at.WorkerURL, Audience: at.Audience,
		InvokerEmail: at.InvokerEmail, EmulatorHost: at.EmulatorHost, AttemptTimeout: ledgerPatience,
	})
}

// checkQueues looks at every queue and puts nothing in.
func (p *patient) checkQueues(ctx context.Context) result {
	at := p.worker.Tasks
	client, err := p.tasks()
	if err != nil {
		return failed(err.Error(), "export WORKER_URL=… TASKS_INVOKER_EMAIL=…")
	}
	defer func() { _ = client.Close() }()
	place := " --location " + at.Location + " --project " + at.Project
	var bad, odd, fix []string
	all := slices.Concat(at.Inbound, at.Status, at.Timer)
	for _, id := range all {
		q, err := client.Queue(ctx, id)
		switch {
		case err != nil && strings.Contains(err.Error(), "NotFound"):
			bad = append(bad, id+" does not exist in "+at.Location)
			fix = append(fix, p.terraform("queues")+"   # or, without Terraform:",
				"gcloud tasks queues create "+id+place+" --max-attempts=-1 --min-backoff=2s --max-backoff="+p.longestBackoff(id)+" --max-doublings=5")
		case err != nil && strings.Contains(err.Error(), "PermissionDenied"):
			bad = append(bad, id+" may not be looked at")
			fix = append(fix, "gcloud tasks queues add-iam-policy-binding "+id+place+" --role roles/cloudtasks.viewer --member user:$(gcloud config get account)")
		case err != nil && at.EmulatorHost != "":
			return failed("nothing answers for the queues: "+err.Error(), "start what CLOUD_TASKS_EMULATOR_HOST names, "+at.EmulatorHost+", or unset it")
		case err != nil:
			// What is wrong with one is wrong with all.
			return failed("Cloud Tasks does not answer: "+err.Error(), login)
		case !q.Running:
			bad = append(bad, id+" is paused: it takes tasks and delivers none")
			fix = append(fix, "gcloud tasks queues resume "+id+place)
		case q.Attempts >= 0:
			bad = append(bad, fmt.Sprintf("%s gives a task up after %d attempts, and with it a message, in silence", id, q.Attempts))
			fix = append(fix, "gcloud tasks queues update "+id+place+" --max-attempts=-1")
		case slices.Contains(at.Status, id) && q.MaxBackoff >= p.worker.Send.AmbiguityWindow:
			// A receipt that comes so late has its message sent again.
			odd = append(odd, fmt.Sprintf("%s may leave a receipt waiting for %v, longer than AMBIGUITY_WINDOW", id, q.MaxBackoff))
			fix = append(fix, "gcloud tasks queues update "+id+place+" --max-backoff="+p.longestBackoff(id))
		}
	}
	return weighed(bad, odd, []string{strings.Join(all, ", ") + ": running, and no task is ever given up"}, fix)
}

// longestBackoff is what infra/ sets for a queue.
func (p *patient) longestBackoff(id string) string {
	if slices.Contains(p.worker.Tasks.Status, id) {
		return "15s"
	}
	return "300s"
}

// checkDelivery has the first queue of each kind ask the worker for its health: only
// the queue itself can show that its tasks arrive, and that the account which they
// are signed for is let in.
func (p *patient) checkDelivery(ctx context.Context) result {
	ctx, cancel := context.WithTimeout(ctx, deliveryPatience)
	defer cancel()
	at := p.worker.Tasks
	client, err := p.tasks()
	if err != nil {
		return failed(err.Error(), "export WORKER_URL=… TASKS_INVOKER_EMAIL=…")
	}
	defer func() { _ = client.Close() }()
	for _, id := range []string{at.Inbound[0], at.Status[0], at.Timer[0]} {
		said, err := client.Knock(ctx, id, healthPath)
		switch {
		case err != nil && strings.Contains(err.Error(), "PermissionDenied"):
			return failed("a task may not be put into "+id+", or not be signed for TASKS_INVOKER_EMAIL: "+err.Error(),
				"gcloud tasks queues add-iam-policy-binding "+id+" --location "+at.Location+" --project "+at.Project+" --role roles/cloudtasks.admin --member user:$(gcloud config get account)",
				"gcloud iam service-accounts add-iam-policy-binding $TASKS_INVOKER_EMAIL --role roles/iam.serviceAccountUser --member user:$(gcloud config get account)")
		case err != nil:
			return failed("a task of "+id+" does not arrive: "+err.Error(),
				"gcloud tasks list --queue "+id+" --location "+at.Location+" --project "+at.Project+"   # what waits before it, and what it was answered")
		case said != "":
			return failed(fmt.Sprintf("a task of %s is not let in (%s)", id, said),
				"gcloud run services add-iam-policy-binding atende-worker --region "+at.Location+p.project()+" --role roles/run.invoker --member serviceAccount:$TASKS_INVOKER_EMAIL",
				"export WORKER_AUDIENCE=$(terraform -chdir=infra output -raw worker_url)   # of both services, the same")
		}
	}
	return ok("a task of %s, %s and %s arrives with its identity", at.Inbound[0], at.Status[0], at.Timer[0])
}

// checkWorker asks at the door that tasks come to. A worker whose platform lets
// nobody in without a token answers 403 itself, which is as good as an answer.
func (p *patient) checkWorker(ctx context.Context) result {
	at := p.worker.Tasks
	before := p.o.Now()
	health, body, err := p.ask(ctx, http.MethodGet, at.WorkerURL+healthPath, "", nil)
	start := "gcloud run services describe atende-worker --region " + at.Location + p.project()
	if p.local() {
		start = "make run   # or start the worker that WORKER_URL names"
	}
	if err != nil {
		return failed("nothing answers at WORKER_URL ("+at.WorkerURL+"): "+err.Error(), start)
	}
	closed := health == http.StatusUnauthorized || health == http.StatusForbidden
	switch said := readHealth(body); {
	case closed:
	case health != http.StatusOK || said.Service == "":
		return failed(fmt.Sprintf("what answers at WORKER_URL (%s) is no service of ours (status %d)", at.WorkerURL, health),
			"export WORKER_URL=$(terraform -chdir=infra output -raw worker_url)")
	case strings.HasSuffix(said.Service, "ingress"):
		return failed("WORKER_URL ("+at.WorkerURL+") is the ingress", "export WORKER_URL=$(terraform -chdir=infra output -raw worker_url)")
	case p.worker.Auth.Mode == config.TasksAuthPlatform:
		return failed("anybody may invoke the worker, and with TASKS_AUTH=platform it trusts Cloud Run to let nobody in",
			"gcloud run services remove-iam-policy-binding atende-worker --region "+at.Location+p.project()+" --member allUsers --role roles/run.invoker")
	default:
		p.read(workerCheck, before, said.Timestamp)
	}
	// Without a token, and without anything in it.
	door, _, err := p.ask(ctx, http.MethodPost, at.WorkerURL+taskPath, "{}", http.Header{"Content-Type": {"application/json"}})
	switch {
	case err != nil:
		return failed("the worker's door for tasks does not answer: "+err.Error(), start)
	case p.worker.Auth.Mode == config.TasksAuthNone:
		return ok("answers at %s, and takes tasks from anybody, as development allows", at.WorkerURL)
	case door == http.StatusServiceUnavailable:
		log := "gcloud logging read 'resource.type=\"cloud_run_revision\" AND severity>=WARNING' --freshness 10m" + p.project() + "   # secret_unresolved, ledger_unclaimed"
		if p.local() {
			log = "curl -s " + at.WorkerURL + "/ready   # what it waits for; its log says secret_unresolved or ledger_unclaimed"
		}
		return failed("the worker at "+at.WorkerURL+" is not ready to take tasks", log)
	case door != http.StatusUnauthorized && door != http.StatusForbidden:
		return failed(fmt.Sprintf("the worker answers a task without identity with %d: anybody could give it one", door),
			"export TASKS_AUTH=oidc   # of the worker")
	case closed:
		return ok("%s lets nobody in without a token", at.WorkerURL)
	default:
		return ok("answers at %s, and takes no task without its identity", at.WorkerURL)
	}
}

// healthy is what a service says of itself.
type healthy struct {
	Service   string    `json:"service"`
	Timestamp time.Time `json:"timestamp"`
}

func readHealth(body []byte) healthy {
	var h healthy
	if json.Unmarshal(body, &h) != nil {
		return healthy{}
	}
	return h
}

var (
	errUnreachable = errors.New("no address that can be asked")
	errNoAnswer    = errors.New("no answer in time")
	errNoHost      = errors.New("no such host")
	errBroken      = errors.New("the connection is refused or breaks")
)

// unreachable says why somebody could not be asked, and nothing of the address.
func unreachable(err error) error {
	var network net.Error
	var name *net.DNSError
	switch {
	case errors.As(err, &name):
		return errNoHost
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return errNoAnswer
	default:
		return errBroken
	}
}
