package deploytest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/cloudbuild/apiv1/v2/cloudbuildpb"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

// readBuild reads cloudbuild.yaml as Cloud Build does: a key that is there twice, or
// that a build does not have, is a fault.
func readBuild(t *testing.T) (*cloudbuildpb.Build, string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, "cloudbuild.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}
	if err := decoder.Decode(new(any)); err == nil {
		t.Fatal("cloudbuild.yaml holds a second document")
	}
	asJSON, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	build := &cloudbuildpb.Build{}
	if err := protojson.Unmarshal(asJSON, build); err != nil {
		t.Fatal(err)
	}
	return build, string(text)
}

func TestBuildIsOneThatCloudBuildTakes(t *testing.T) {
	t.Parallel()
	build, _ := readBuild(t)
	var known []string
	whole := build.GetTimeout().AsDuration()
	if whole == 0 {
		t.Error("the build has no end of its own")
	}
	for _, step := range build.GetSteps() {
		id := step.GetId()
		if id == "" || slices.Contains(known, id) {
			t.Errorf("a step's id is empty or not its own: %q", id)
		}
		for _, before := range step.GetWaitFor() {
			if before != "-" && !slices.Contains(known, before) {
				t.Errorf("%s waits for %s, which is not before it", id, before)
			}
		}
		if len(step.GetWaitFor()) == 0 {
			t.Errorf("%s does not say what it waits for", id)
		}
		if step.GetTimeout().AsDuration() > whole {
			t.Errorf("%s may take longer than the build", id)
		}
		known = append(known, id)
	}
	want := []string{"lint", "check", "build-ingress", "build-worker", "push", "deploy"}
	if got := slices.DeleteFunc(slices.Clone(known), func(id string) bool { return !slices.Contains(want, id) }); !slices.Equal(got, want) {
		t.Errorf("the build does %v instead of %v", got, want)
	}
	if volumes := volumesOf(build); len(volumes["tools"]) < 2 {
		t.Errorf("Cloud Build refuses a volume that one step has alone: %v", volumes)
	}
}

// volumesOf are the steps that have a volume, by its name.
func volumesOf(build *cloudbuildpb.Build) map[string][]string {
	steps := map[string][]string{}
	for _, step := range build.GetSteps() {
		for _, volume := range step.GetVolumes() {
			steps[volume.GetName()] = append(steps[volume.GetName()], step.GetId())
		}
	}
	return steps
}

// A substitution that is not declared is refused when the build begins, and one that is
// not used as well.
func TestSubstitutionsAreDeclaredAndUsed(t *testing.T) {
	t.Parallel()
	build, text := readBuild(t)
	reserved := []string{"PROJECT_ID", "SHORT_SHA"} // Cloud Build's own.
	var used []string
	for _, match := range regexp.MustCompile(`\$\{?([A-Z_]+)`).FindAllStringSubmatch(text, -1) {
		used = append(used, match[1])
		if _, declared := build.GetSubstitutions()[match[1]]; !declared && !slices.Contains(reserved, match[1]) {
			t.Errorf("$%s is not declared", match[1])
		}
	}
	for name := range build.GetSubstitutions() {
		if !slices.Contains(used, name) {
			t.Errorf("%s is declared and not used", name)
		}
	}
}

// What a step runs is a file that runs without Cloud Build too, and that the gate
// lints.
func TestStepsRunFilesOfTheRepository(t *testing.T) {
	t.Parallel()
	build, _ := readBuild(t)
	linted := lintedScripts(t)
	for _, step := range build.GetSteps() {
		if step.GetScript() != "" {
			t.Errorf("%s has a script of its own: make it a file", step.GetId())
		}
		entry := script(step)
		if entry == "" {
			if step.GetEntrypoint() != "cp" { // A tool is taken out of its image.
				t.Errorf("%s runs %s", step.GetId(), step.GetEntrypoint())
			}
			continue
		}
		info, err := os.Stat(filepath.Join(top, entry))
		switch {
		case err != nil:
			t.Errorf("%s runs %q: %v", step.GetId(), entry, err)
		case info.Mode()&0o111 == 0:
			t.Errorf("%s runs %s, which is not executable", step.GetId(), entry)
		case !slices.Contains(linted, entry):
			t.Errorf("%s runs %s, which the gate does not lint", step.GetId(), entry)
		}
	}
}

// script is the file that a step has bash run; empty when it runs something else.
func script(step *cloudbuildpb.BuildStep) string {
	if step.GetEntrypoint() != "bash" || len(step.GetArgs()) == 0 {
		return ""
	}
	return step.GetArgs()[0]
}

// lintedScripts are those that the gate's step shellcheck looks at.
func lintedScripts(t *testing.T) (files []string) {
	t.Helper()
	gate, err := os.ReadFile(filepath.Join(top, "scripts/check.sh"))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`step_shellcheck\(\) \{ shellcheck ([^;]*); \}`).FindSubmatch(gate)
	if match == nil {
		t.Fatal("the gate has no step shellcheck of one line")
	}
	for pattern := range strings.FieldsSeq(string(match[1])) {
		found, err := filepath.Glob(filepath.Join(top, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			relative, err := filepath.Rel(top, file)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, filepath.ToSlash(relative))
		}
	}
	return files
}

// Steps of the gate that the build names are there: the gate refuses any other, and
// would do so only when it is built.
func TestStepsOfTheGateAreThere(t *testing.T) {
	t.Parallel()
	build, _ := readBuild(t)
	gate, err := os.ReadFile(filepath.Join(top, "scripts/check.sh"))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`(?m)^all="([^"]+)"$`).FindSubmatch(gate)
	if match == nil {
		t.Fatal("the gate does not list its steps")
	}
	known, named := strings.Fields(string(match[1])), 0
	for _, step := range build.GetSteps() {
		for _, line := range step.GetEnv() {
			name, value, _ := strings.Cut(line, "=")
			if name != "STEPS" && name != "SKIP" {
				continue
			}
			for word := range strings.FieldsSeq(value) {
				named++
				if !slices.Contains(known, word) {
					t.Errorf("%s names %s, which is no step of the gate", step.GetId(), word)
				}
			}
		}
	}
	if named == 0 {
		t.Error("the build names no step of the gate")
	}
}

// A step's image has the versions that the gate and the images are built with.
func TestStepsHaveTheGatesVersions(t *testing.T) {
	t.Parallel()
	build, _ := readBuild(t)
	images := map[string]string{}
	for _, step := range build.GetSteps() {
		images[step.GetId()] = step.GetName()
	}
	for _, c := range []struct{ step, image, file, pattern string }{
		{"lint", "golangci/golangci-lint:v", "scripts/tools.sh", `(?m)^golangci_version=(\S+)$`},
		{"check", "golang:", "Dockerfile.worker", `(?m)^FROM golang:(\S+) AS`},
		{"tool", "golang:", "Dockerfile.ingress", `(?m)^FROM golang:(\S+) AS`},
	} {
		text, err := os.ReadFile(filepath.Join(top, c.file))
		if err != nil {
			t.Fatal(err)
		}
		version := regexp.MustCompile(c.pattern).FindSubmatch(text)
		if version == nil {
			t.Errorf("%s says nothing of the version that %s needs", c.file, c.step)
			continue
		}
		if want := c.image + string(version[1]); images[c.step] != want {
			t.Errorf("%s runs in %s instead of %s", c.step, images[c.step], want)
		}
	}
}

// Every step of a deployment is told what settings.sh asks for, and nothing that it does
// not know.
func TestStepsAreToldTheirSettings(t *testing.T) {
	t.Parallel()
	build, _ := readBuild(t)
	for _, step := range build.GetSteps() {
		if !strings.HasPrefix(script(step), "scripts/deploy/") {
			continue
		}
		var told []string
		for _, line := range step.GetEnv() {
			name, _, _ := strings.Cut(line, "=")
			told = append(told, name)
		}
		if want := []string{"ENVIRONMENT", "PROJECT", "REGION", "REPOSITORY", "COMMIT", "DEPLOY"}; !slices.Equal(told, want) {
			t.Errorf("%s is told %v instead of %v", step.GetId(), told, want)
		}
	}
}

// Cloud Build's protocol is for this test alone: no program links it.
func TestNoProgramLinksCloudBuild(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/...")
	command.Dir = top
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "cmd/atende") || strings.Contains(string(out), "cloud.google.com/go/cloudbuild") {
		t.Error("a program links cloud.google.com/go/cloudbuild, or nothing was listed")
	}
}
