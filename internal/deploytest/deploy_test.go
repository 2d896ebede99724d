package deploytest_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pyloto/atende/internal/simulator/simulatortest"
)

const (
	top     = "../.."
	project = "a-project"
	region  = "us-central1"
	ingress = "atende-ingress"
	worker  = "atende-worker"
	stable  = "https://atende-worker-1.us-central1.run.app"
	// address is that of a worker's tag.
	address = "https://TAG---atende-worker-1.us-central1.run.app"
	// firstDigest is of what served before anything was pushed.
	firstDigest = "@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	// toolFile names the variable that says where the built atende is.
	toolFile = "ATENDE"
	// patience bounds one script.
	patience = 2 * time.Minute
)

func TestMain(m *testing.M) {
	if program := os.Getenv(standIn); program != "" {
		if err := play(program, os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "deploytest")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(folder) }()
		tool := filepath.Join(folder, "atende")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", tool, "./cmd/atende")
		build.Dir = top
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build the tool: %v\n%s", err, out)
			return 1
		}
		if err := os.Setenv(toolFile, tool); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// stage is a cloud with the two services in it, and scripts that run against it.
type stage struct {
	t       *testing.T
	file    string
	environ []string
}

// open sets a stage on which one revision of each service serves, as infra/ makes
// them. at is where an ingress with a tag is.
func open(t *testing.T, at string) *stage {
	t.Helper()
	folder := t.TempDir()
	if err := install(folder); err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, file: filepath.Join(folder, "cloud.json"), environ: []string{
		"PATH=" + folder + ":" + os.Getenv("PATH"), "HOME=" + folder, "WORK=" + filepath.Join(folder, "work"),
		"ENVIRONMENT=staging", "PROJECT=" + project, "COMMIT=abc1234", toolFile + "=" + os.Getenv(toolFile),
	}}
	s.environ = append(s.environ, cloudFile+"="+filepath.Join(folder, "cloud.json"),
		// Two who write as one person at once would be answered together.
		fmt.Sprintf("SMOKE_CONTACT=55119%08d", rand.IntN(1e8)))
	s.change(func(c *cloud) {
		c.Tags, c.Images, c.Fails = map[string]string{}, map[string][]string{}, map[string]int{}
		c.Services = map[string]*service{}
		for _, name := range []string{ingress, worker} {
			program := strings.TrimPrefix(name, "atende-")
			image := fmt.Sprintf("us-central1-docker.pkg.dev/%s/atende/%s", project, program)
			env := map[string]string{"WORKER_URL": stable, "WORKER_AUDIENCE": stable}
			c.Services[name] = &service{
				Env: env, Image: image + ":staging", Address: map[string]string{ingress: at, worker: address}[name],
				Revisions: []revision{{Name: name + "-00001-rev", Image: image + ":staging", Digest: image + firstDigest, Env: env}},
				Targets:   []target{{Revision: name + "-00001-rev", Percent: 100, Latest: true}},
			}
		}
	})
	return s
}

// change changes the cloud behind the scripts' backs.
func (s *stage) change(do func(*cloud)) {
	s.t.Helper()
	c := &cloud{}
	if _, err := os.Stat(s.file); err == nil {
		c = s.cloud()
	}
	do(c)
	if err := c.save(s.file); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) cloud() *cloud {
	s.t.Helper()
	c, err := load(s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// script runs one, and returns what it said and whether it succeeded. More of the
// environment wins.
func (s *stage) script(name string, environ ...string) (says string, ok bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	name, args, _ := strings.Cut(name, " ")
	command := exec.CommandContext(ctx, filepath.Join(top, "scripts/deploy", name+".sh"), strings.Fields(args)...)
	command.Env = append(slices.Clone(s.environ), environ...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	if ctx.Err() != nil {
		s.t.Fatalf("%s did not end:\n%s", name, out.String())
	}
	return out.String(), err == nil
}

func (s *stage) succeeds(name string, environ ...string) string {
	s.t.Helper()
	says, ok := s.script(name, environ...)
	if !ok {
		s.t.Fatalf("%s failed:\n%s", name, says)
	}
	return says
}

func (s *stage) fails(name string, environ ...string) string {
	s.t.Helper()
	says, ok := s.script(name, environ...)
	if ok {
		s.t.Fatalf("%s succeeded:\n%s", name, says)
	}
	return says
}

// pushed builds and pushes both images.
func (s *stage) pushed() *stage {
	s.t.Helper()
	s.succeeds("build ingress")
	s.succeeds("build worker")
	s.succeeds("push")
	return s
}

// serving are the revisions with traffic and their share.
func serving(s *service) map[string]int {
	shares := map[string]int{}
	for _, t := range s.Targets {
		if t.Percent > 0 {
			shares[t.Revision] += t.Percent
		}
	}
	return shares
}

// tags are a service's tags with their revisions.
func tags(s *service) map[string]string {
	found := map[string]string{}
	for _, t := range s.Targets {
		if t.Tag != "" {
			found[t.Tag] = t.Revision
		}
	}
	return found
}

func (s *service) newest() revision { return s.Revisions[len(s.Revisions)-1] }

// only is the one that has all traffic.
func (s *stage) only(name string) revision {
	s.t.Helper()
	service := s.cloud().Services[name]
	shares := serving(service)
	for _, r := range service.Revisions {
		if shares[r.Name] == 100 {
			return r
		}
	}
	s.t.Fatalf("no revision of %s has all traffic: %v", name, shares)
	return revision{}
}

// unchanged holds the stage to serving what served at first, and to being ready for
// the next deployment: of that, whatever makes a revision makes it of what serves.
func (s *stage) unchanged() {
	s.t.Helper()
	c := s.cloud()
	for name, service := range c.Services {
		if want := map[string]int{name + "-00001-rev": 100}; !cmp.Equal(serving(service), want) {
			s.t.Errorf("%s is served by %v instead of %v", name, serving(service), want)
		}
		if url := service.Env["WORKER_URL"]; url != stable {
			s.t.Errorf("the next revision of %s would be told %s", name, url)
		}
		if image, first := service.Image, service.Revisions[0]; image != first.Image && image != first.Digest {
			s.t.Errorf("the next revision of %s would run %s", name, image)
		}
	}
	if left := tags(c.Services[ingress]); len(left) > 0 {
		s.t.Errorf("the ingress still has %v", left)
	}
	for tag, at := range tags(c.Services[worker]) {
		if at != worker+"-00001-rev" {
			s.t.Errorf("tasks for %s go to %s, which does not serve", tag, at)
		}
	}
}

// position is where in the calls one begins so, from an index on; the test fails where
// there is none.
func position(t *testing.T, calls []string, from int, beginning string) int {
	t.Helper()
	for i := from; i < len(calls); i++ {
		if strings.HasPrefix(calls[i], beginning) {
			return i
		}
	}
	t.Fatalf("nothing after call %d begins with %q:\n%s", from, beginning, strings.Join(calls, "\n"))
	return 0
}

func TestPushGivesThreeTags(t *testing.T) {
	t.Parallel()
	s := open(t, "").pushed()
	c := s.cloud()
	for _, program := range []string{"ingress", "worker"} {
		name := "us-central1-docker.pkg.dev/a-project/atende/" + program
		for _, tag := range []string{"abc1234", "latest", "staging"} {
			position(t, c.Calls, 0, "docker push --quiet "+name+":"+tag)
			if built := c.Tags[name+":"+tag]; !strings.Contains(built, "Dockerfile."+program) || !strings.Contains(built, "VERSION=abc1234") {
				t.Errorf("%s:%s is %q", name, tag, built)
			}
		}
	}
}

func TestDeploymentShiftsTraffic(t *testing.T) {
	t.Parallel()
	street := simulatortest.Start(t)
	for _, environment := range []string{"staging", "production"} {
		t.Run(environment, func(t *testing.T) {
			t.Parallel()
			s := open(t, street.URL)
			s.environ = append(s.environ, "ENVIRONMENT="+environment)
			s.pushed()
			says := s.succeeds("deploy")
			c := s.cloud()

			for _, name := range []string{worker, ingress} {
				serves := s.only(name)
				if !strings.Contains(serves.Image, "@sha256:") || strings.HasSuffix(serves.Image, firstDigest) {
					t.Errorf("%s runs %s, which is not the digest that was pushed", name, serves.Image)
				}
				if serves.Name != c.Services[name].newest().Name {
					t.Errorf("%s serves, which is not the newest of %s: --to-latest would bring another", serves.Name, name)
				}
				if serves.Env["WORKER_URL"] != stable {
					t.Errorf("%s enqueues to %s", serves.Name, serves.Env["WORKER_URL"])
				}
			}
			// What was tried enqueued to the worker that was tried, in the name of the same
			// audience.
			tried := c.Services[ingress].Revisions[1].Env
			if tried["WORKER_URL"] != "https://try-00002-rev---atende-worker-1.us-central1.run.app" || tried["WORKER_AUDIENCE"] != stable {
				t.Errorf("the trial's ingress was told %v", tried)
			}
			if left := tags(c.Services[ingress]); len(left) > 0 {
				t.Errorf("the ingress still has %v", left)
			}
			if got, want := tags(c.Services[worker]), map[string]string{"try-00002-rev": s.only(worker).Name}; !cmp.Equal(got, want) {
				t.Errorf("tasks of the trial go to %v instead of %v", got, want)
			}

			// The worker comes first, both times.
			made := position(t, c.Calls, 0, "gcloud run deploy "+worker)
			made = position(t, c.Calls, made, "gcloud run deploy "+ingress)
			shifted := position(t, c.Calls, made, "gcloud run services update-traffic "+worker+" --to-revisions")
			made = position(t, c.Calls, shifted, "gcloud run deploy "+ingress)
			position(t, c.Calls, made, "gcloud run services update-traffic "+ingress+" --to-revisions")
			for _, call := range c.Calls[:shifted] {
				if strings.Contains(call, "--to-revisions") {
					t.Errorf("traffic went somewhere before all was tried: %s", call)
				}
			}
			if answered := strings.Contains(says, "sent, found by"); answered != (environment == "staging") {
				t.Errorf("in %s somebody was answered: %v\n%s", environment, answered, says)
			}
		})
	}
}

// The next deployment begins where the last one ended.
func TestDeploymentAfterDeployment(t *testing.T) {
	t.Parallel()
	street := simulatortest.Start(t)
	s := open(t, street.URL).pushed()
	s.succeeds("deploy")
	before := s.only(worker)
	s.environ = append(s.environ, "COMMIT=def5678")
	s.pushed().succeeds("deploy")
	after := s.only(worker)
	if after.Image == before.Image {
		t.Errorf("the second deployment left %s", after.Image)
	}
	if got, want := tags(s.cloud().Services[worker]), map[string]string{"try-00003-rev": after.Name}; !cmp.Equal(got, want) {
		t.Errorf("the worker has %v instead of %v", got, want)
	}
}

// Where the first revision of a service never became ready, nobody serves.
func TestFirstDeployment(t *testing.T) {
	t.Parallel()
	street := simulatortest.Start(t)
	s := open(t, street.URL).pushed()
	s.change(func(c *cloud) {
		for _, service := range c.Services {
			service.Targets = nil
		}
	})
	s.succeeds("deploy")
	for _, name := range []string{ingress, worker} {
		if serves := s.only(name); serves.Env["WORKER_URL"] != stable {
			t.Errorf("%s enqueues to %s", serves.Name, serves.Env["WORKER_URL"])
		}
	}
}

func TestImagesAlone(t *testing.T) {
	t.Parallel()
	s := open(t, "").pushed()
	s.succeeds("deploy", "DEPLOY=false")
	s.unchanged()
	for _, call := range s.cloud().Calls {
		if strings.HasPrefix(call, "gcloud") {
			t.Errorf("Cloud Run was asked: %s", call)
		}
	}
}

func TestFailuresLeaveWhatServed(t *testing.T) {
	t.Parallel()
	well := simulatortest.Start(t)
	ill := simulatortest.Start(t, "WHATSAPP_APP_SECRET=another-app's")
	for _, c := range []struct {
		name    string
		address string
		fails   string // a call, by its beginning
		step    string // in which it happens
	}{
		{name: "the trial fails", address: ill.URL, step: "smoke"},
		{name: "nothing answers", address: "http://127.0.0.1:1", step: "smoke"},
		{name: "the worker does not become ready", address: well.URL, fails: "gcloud run deploy " + worker, step: "candidate"},
		{name: "the ingress does not become ready", address: well.URL, fails: "gcloud run deploy " + ingress, step: "candidate"},
		{name: "nothing can be taken", address: well.URL, fails: "gcloud run services update-traffic " + ingress + " --update-tags deploying", step: "candidate"},
		{name: "the worker gets no address", address: well.URL, fails: "gcloud run services update-traffic " + worker + " --update-tags", step: "candidate"},
		{name: "the ingress gets no address", address: well.URL, fails: "gcloud run services update-traffic " + ingress + " --update-tags try-", step: "candidate"},
		{name: "the worker gets no traffic", address: well.URL, fails: "gcloud run services update-traffic " + worker + " --to-revisions", step: "shift"},
		{name: "the last ingress does not become ready", address: well.URL, fails: "gcloud run deploy " + ingress, step: "shift"},
		{name: "the ingress gets no traffic", address: well.URL, fails: "gcloud run services update-traffic " + ingress + " --to-revisions", step: "shift"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, c.address).pushed()
			if c.fails != "" && c.step == "candidate" {
				s.change(func(cl *cloud) { cl.Fails[c.fails] = 1 })
			}
			if c.step == "shift" {
				// The steps one by one, so that the cloud can fall ill between two of them.
				s.succeeds("candidate")
				s.succeeds("smoke")
				s.change(func(cl *cloud) { cl.Fails[c.fails] = 1 })
				s.fails("shift")
				s.succeeds("rollback")
			} else if says := s.fails("deploy"); !strings.Contains(says, "== "+c.step) || strings.Contains(says, "== shift") {
				t.Errorf("it failed elsewhere:\n%s", says)
			}
			s.unchanged()
		})
	}
}

// What was healed is tried again, and nothing is in its way.
func TestDeploymentAfterFailure(t *testing.T) {
	t.Parallel()
	street := simulatortest.Start(t)
	s := open(t, street.URL).pushed()
	s.change(func(c *cloud) { c.Fails["gcloud run deploy "+ingress] = 1 })
	s.fails("deploy")
	s.succeeds("deploy")
	if serves := s.only(ingress); serves.Env["WORKER_URL"] != stable {
		t.Errorf("the ingress enqueues to %s", serves.Env["WORKER_URL"])
	}
}

func TestTwoDeploymentsAtOnce(t *testing.T) {
	t.Parallel()
	street := simulatortest.Start(t)
	s := open(t, street.URL).pushed()
	s.succeeds("candidate")
	mine := s.cloud().Services

	second := &stage{t: t, file: s.file, environ: append(slices.Clone(s.environ), "WORK="+t.TempDir(),
		"WORKER_IMAGE="+mine[worker].Image, "INGRESS_IMAGE="+mine[ingress].Image)}
	if says := second.fails("deploy"); !strings.Contains(says, "another deployment") {
		t.Errorf("the second says\n%s", says)
	}
	if diff := cmp.Diff(mine, s.cloud().Services); diff != "" {
		t.Errorf("the second changed (-before +after):\n%s", diff)
	}
	s.succeeds("smoke")
	s.succeeds("shift")
}

// Somebody who moved traffic meanwhile had a reason: a deployment does not undo it,
// neither when it goes on nor when it goes back.
func TestPersonWinsOverDeployment(t *testing.T) {
	t.Parallel()
	street := simulatortest.Start(t)
	s := open(t, street.URL).pushed()
	s.succeeds("candidate")
	theirs := map[string]int{}
	s.change(func(c *cloud) {
		w := c.Services[worker]
		w.Revisions = append(w.Revisions, revision{Name: "by-hand", Image: w.Revisions[0].Image, Digest: w.Revisions[0].Digest, Env: w.Env})
		w.Targets = slices.DeleteFunc(w.Targets, func(t target) bool { return t.Percent > 0 })
		w.Targets = append(w.Targets, target{Revision: "by-hand", Percent: 100})
		theirs = serving(w)
	})
	if says := s.fails("shift"); !strings.Contains(says, "faster") {
		t.Errorf("it says\n%s", says)
	}
	s.succeeds("rollback")
	after := s.cloud().Services
	if got := serving(after[worker]); !cmp.Equal(got, theirs) {
		t.Errorf("the worker is served by %v instead of %v", got, theirs)
	}
	if got := after[worker].newest().Name; got != "by-hand" {
		t.Errorf("%s was made after theirs", got)
	}
	if left := tags(after[ingress]); len(left) > 0 {
		t.Errorf("the ingress still has %v", left)
	}
}

// Long after a deployment, a person names whom to go back to.
func TestRollBackLater(t *testing.T) {
	t.Parallel()
	street := simulatortest.Start(t)
	s := open(t, street.URL).pushed()
	says := s.succeeds("deploy")
	_, command, found := strings.Cut(says, "To go back: ")
	command, _, _ = strings.Cut(command, "\n")
	words := strings.Fields(command)
	if !found || len(words) != 3 || words[2] != "scripts/deploy/rollback.sh" {
		t.Fatalf("the deployment does not say how to go back:\n%s", says)
	}
	began := len(s.cloud().Calls)
	s.succeeds("rollback", append(words[:2], "WORK="+t.TempDir())...)
	s.unchanged()
	// The ingress first.
	calls := s.cloud().Calls
	at := position(t, calls, began, "gcloud run services update-traffic "+ingress)
	position(t, calls, at, "gcloud run services update-traffic "+worker)
}

// A step back that fails does not keep the others from being taken.
func TestRollBackGoesOn(t *testing.T) {
	t.Parallel()
	street := simulatortest.Start(t)
	s := open(t, street.URL).pushed()
	s.succeeds("deploy")
	s.change(func(c *cloud) { c.Fails["gcloud run services update-traffic "+ingress+" --to-revisions"] = 1 })
	says := s.fails("rollback", "WORKER_BEFORE="+worker+"-00001-rev=100", "INGRESS_BEFORE="+ingress+"-00001-rev=100")
	if !strings.Contains(says, "1 steps back failed") {
		t.Errorf("it says\n%s", says)
	}
	if got := s.only(worker).Name; got != worker+"-00001-rev" {
		t.Errorf("the worker is served by %s", got)
	}
}

func TestScriptsRefuse(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	for _, c := range []struct{ name, script, environ, says string }{
		{"no project", "deploy", "PROJECT=", "PROJECT"},
		{"no commit", "push", "COMMIT=", "COMMIT"},
		{"no environment", "candidate", "ENVIRONMENT=", "ENVIRONMENT"},
		{"development", "deploy", "ENVIRONMENT=development", "ENVIRONMENT"},
		{"nothing pushed", "deploy", "", "no image was pushed"},
		{"no such program", "build atende", "", "which program"},
		{"nothing to try", "smoke", "", "candidate.sh"},
		{"nothing to shift", "shift", "", "candidate.sh"},
		{"nothing to undo", "rollback", "", "WORKER_BEFORE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if says := s.fails(c.script, c.environ); !strings.Contains(says, c.says) {
				t.Errorf("it says %s", says)
			}
		})
	}
	if says := s.fails("candidate", "WORKER_IMAGE=w:latest", "INGRESS_IMAGE=i:latest"); !strings.Contains(says, "is no digest") {
		t.Errorf("of a tag it says %s", says)
	}
	s.change(func(c *cloud) { delete(c.Services[ingress].Env, "WORKER_AUDIENCE") })
	if says := s.fails("candidate", "WORKER_IMAGE=w"+firstDigest, "INGRESS_IMAGE=i"+firstDigest); !strings.Contains(says, "WORKER_AUDIENCE") {
		t.Errorf("of a missing audience it says %s", says)
	}
	for name, service := range s.cloud().Services {
		if len(service.Revisions) != 1 {
			t.Errorf("%s has %d revisions", name, len(service.Revisions))
		}
	}
}
