package deploytest_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Environment of the stand-ins: which one the process is, and where its cloud is.
const (
	standIn   = "ATENDE_STAND_IN"
	cloudFile = "ATENDE_STAND_IN_CLOUD"
)

// cloud is what Google has, as far as the scripts ask for it: Cloud Run's services and
// a registry.
type cloud struct {
	Services map[string]*service
	// Tags are images by reference, Images the digests that each was pushed under.
	Tags   map[string]string
	Images map[string][]string
	// Fails are calls that do not succeed, by their beginning, and how often.
	Fails map[string]int
	// Calls are all there were, in order.
	Calls []string
}

// service is one of Cloud Run's. What its next revision is told is kept apart from
// those that there are, as Cloud Run does.
type service struct {
	Env       map[string]string
	Image     string
	Revisions []revision
	Targets   []target
	// Address is that of a tag, which takes the place of TAG in it.
	Address string
}

type revision struct {
	Name string
	// Image is as it was asked for, Digest what that was then.
	Image, Digest string
	Env           map[string]string
}

// target is one of a service's: traffic, a tag, or both. Latest follows the newest.
type target struct {
	Revision string
	Percent  int
	Tag      string
	Latest   bool
}

func load(file string) (*cloud, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c := &cloud{}
	return c, json.Unmarshal(text, c)
}

func (c *cloud) save(file string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// play is the life of a stand-in: one call. What it does not know, it refuses.
func play(program string, args []string, out io.Writer) error {
	file := os.Getenv(cloudFile)
	c, err := load(file)
	if err != nil {
		return err
	}
	call := program + " " + strings.Join(args, " ")
	c.Calls = append(c.Calls, call)
	// A call that fails may have done half of its work.
	err = c.do(program, args, out)
	for beginning, times := range c.Fails {
		if times > 0 && strings.HasPrefix(call, beginning) {
			c.Fails[beginning]--
			err = errors.Join(err, errors.New("the cloud is ill"))
		}
	}
	return errors.Join(err, c.save(file))
}

func (c *cloud) do(program string, args []string, out io.Writer) error {
	if program == "docker" {
		return c.docker(args, out)
	}
	words, flags, err := parse(args)
	if err != nil {
		return err
	}
	if flags["project"] != project || flags["region"] != region {
		return fmt.Errorf("neither project nor region is %s's: %v", project, args)
	}
	switch {
	case len(words) == 4 && slices.Equal(words[:3], []string{"run", "services", "describe"}):
		return c.describe(words[3], flags, out)
	case len(words) == 4 && slices.Equal(words[:3], []string{"run", "services", "update-traffic"}):
		return c.updateTraffic(words[3], flags)
	case len(words) == 4 && slices.Equal(words[:3], []string{"run", "revisions", "describe"}):
		return c.describeRevision(words[3], flags, out)
	case len(words) == 3 && slices.Equal(words[:2], []string{"run", "deploy"}):
		return c.deploy(words[2], flags, out)
	}
	return fmt.Errorf("gcloud: there is no %v", args)
}

// parse reads a command line of gcloud's: words, and options of which all but two
// have a value. It knows no --tag, with which gcloud names a revision, in the way of
// Terraform's next one.
func parse(args []string) (words []string, flags map[string]string, err error) {
	known := []string{"project", "region", "format", "flatten", "image", "update-env-vars", "to-revisions", "update-tags", "remove-tags"}
	flags = map[string]string{}
	for i := 0; i < len(args); i++ {
		name, dashed := strings.CutPrefix(args[i], "--")
		switch {
		case !dashed:
			words = append(words, args[i])
		case name == "quiet" || name == "no-traffic":
			flags[name] = "true"
		case !slices.Contains(known, name) || i+1 == len(args):
			return nil, nil, fmt.Errorf("gcloud: there is no --%s, or it lacks a value", name)
		default:
			i++
			flags[name] = args[i]
		}
	}
	return words, flags, nil
}

func (c *cloud) service(name string) (*service, error) {
	if s, ok := c.Services[name]; ok {
		return s, nil
	}
	return nil, fmt.Errorf("gcloud: Cannot find service [%s]", name)
}

func (c *cloud) describe(name string, flags map[string]string, out io.Writer) error {
	s, err := c.service(name)
	if err != nil {
		return err
	}
	switch flags["flatten"] + " " + flags["format"] {
	case "status.traffic csv[no-heading](status.traffic.revisionName,status.traffic.percent,status.traffic.tag,status.traffic.url)":
		for _, t := range s.Targets {
			percent, address := "", ""
			if t.Percent > 0 {
				percent = strconv.Itoa(t.Percent)
			}
			if t.Tag != "" {
				address = strings.ReplaceAll(s.Address, "TAG", t.Tag)
			}
			_, _ = fmt.Fprintf(out, "%s,%s,%s,%s\n", t.Revision, percent, t.Tag, address)
		}
		if len(s.Targets) == 0 { // What is not there is flattened to one empty record.
			_, _ = fmt.Fprintln(out, ",,,")
		}
	case "spec.template.spec.containers[].env[] csv[no-heading](spec.template.spec.containers.env.name,spec.template.spec.containers.env.value)":
		for key, value := range s.Env {
			_, _ = fmt.Fprintf(out, "%s,%s\n", key, value)
		}
	case " value(status.latestCreatedRevisionName)":
		_, _ = fmt.Fprintln(out, s.Revisions[len(s.Revisions)-1].Name)
	default:
		return fmt.Errorf("gcloud: nobody knows what %q of %q looks like", flags["format"], flags["flatten"])
	}
	return nil
}

func (c *cloud) describeRevision(name string, flags map[string]string, out io.Writer) error {
	for _, s := range c.Services {
		for _, r := range s.Revisions {
			if r.Name != name {
				continue
			}
			image := r.Image
			switch flags["format"] {
			case "value(spec.containers[0].image)":
			case "value(status.imageDigest)":
				image = r.Digest
			default:
				return fmt.Errorf("gcloud: nobody knows what %q looks like", flags["format"])
			}
			_, _ = fmt.Fprintln(out, image)
			return nil
		}
	}
	return fmt.Errorf("gcloud: Cannot find revision [%s]", name)
}

// deploy makes a revision. Without --no-traffic the newest one has what the latest
// has; with it, whoever has that now keeps it.
func (c *cloud) deploy(name string, flags map[string]string, out io.Writer) error {
	s, err := c.service(name)
	if err != nil {
		return err
	}
	made := fmt.Sprintf("%s-%05d-rev", name, len(s.Revisions)+1)
	held := flags["no-traffic"] != ""
	if held && len(s.Revisions) == 0 {
		return errors.New("gcloud: --no-traffic not supported when creating a new service")
	}
	for pair := range strings.SplitSeq(flags["update-env-vars"], ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			s.Env[key] = value
		}
	}
	s.Image = flags["image"]
	env := maps.Clone(s.Env)
	s.Revisions = append(s.Revisions, revision{Name: made, Image: s.Image, Digest: s.Image, Env: env})
	served := false
	for i := range s.Targets {
		if s.Targets[i].Latest {
			s.Targets[i].Latest = !held
			if !held {
				s.Targets[i].Revision = made
			}
		}
		served = served || s.Targets[i].Percent > 0
	}
	if !served {
		s.Targets = append(s.Targets, target{Revision: made, Percent: 100, Latest: true})
	}
	if flags["format"] != "value(status.latestCreatedRevisionName)" {
		return fmt.Errorf("gcloud: nobody knows what %q looks like", flags["format"])
	}
	_, _ = fmt.Fprintln(out, made)
	return nil
}

// tag moves a tag to a revision; the empty one takes it off.
func (s *service) tag(tag, revision string) {
	s.Targets = slices.DeleteFunc(s.Targets, func(t target) bool { return t.Tag == tag })
	if revision != "" {
		s.Targets = append(s.Targets, target{Revision: revision, Tag: tag})
	}
}

func (c *cloud) updateTraffic(name string, flags map[string]string) error {
	s, err := c.service(name)
	if err != nil {
		return err
	}
	exists := func(name string) bool {
		return slices.ContainsFunc(s.Revisions, func(r revision) bool { return r.Name == name })
	}
	if to := flags["to-revisions"]; to != "" {
		var targets []target
		for pair := range strings.SplitSeq(to, ",") {
			name, percent, _ := strings.Cut(pair, "=")
			share, err := strconv.Atoi(percent)
			if err != nil || !exists(name) {
				return fmt.Errorf("gcloud: no traffic can go to %q", pair)
			}
			targets = append(targets, target{Revision: name, Percent: share})
		}
		for _, t := range s.Targets {
			if t.Tag != "" {
				targets = append(targets, target{Revision: t.Revision, Tag: t.Tag})
			}
		}
		s.Targets = targets
	}
	if tag, name, ok := strings.Cut(flags["update-tags"], "="); ok {
		if !exists(name) {
			return fmt.Errorf("gcloud: there is no revision %q to tag", name)
		}
		s.tag(tag, name)
	}
	if list := flags["remove-tags"]; list != "" {
		for tag := range strings.SplitSeq(list, ",") {
			s.tag(tag, "")
		}
	}
	return nil
}

// docker builds by writing down what was built, and pushes under a digest.
func (c *cloud) docker(args []string, out io.Writer) error {
	switch {
	case len(args) == 8 && args[0] == "build" && args[1] == "--file" && args[3] == "--build-arg" && args[5] == "--tag" && args[7] == ".":
		if _, err := os.Stat(args[2]); err != nil {
			return err
		}
		c.Tags[args[6]] = "built from " + args[2] + " with " + args[4]
	case len(args) == 3 && args[0] == "tag":
		if c.Tags[args[1]] == "" {
			return fmt.Errorf("docker: no such image: %s", args[1])
		}
		c.Tags[args[2]] = c.Tags[args[1]]
	case len(args) == 3 && args[0] == "push" && args[1] == "--quiet":
		built, ok := c.Tags[args[2]]
		if !ok {
			return fmt.Errorf("docker: no such image: %s", args[2])
		}
		name, _, _ := strings.Cut(args[2], ":")
		digest := fmt.Sprintf("%s@sha256:%x", name, sha256.Sum256([]byte(built)))
		if !slices.Contains(c.Images[built], digest) {
			c.Images[built] = append(c.Images[built], digest)
		}
	case len(args) == 5 && slices.Equal(args[:3], []string{"image", "inspect", "--format"}):
		for _, digest := range c.Images[c.Tags[args[4]]] {
			_, _ = fmt.Fprintln(out, digest)
		}
	default:
		return fmt.Errorf("docker: there is no %v", args)
	}
	return nil
}

// install puts stand-ins where scripts find them first.
func install(folder string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, program := range []string{"gcloud", "docker"} {
		// The race detector would have every call wait a second at its end.
		text := fmt.Sprintf("#!/bin/sh\nGORACE=atexit_sleep_ms=0 %s=%s exec '%s' \"$@\"\n", standIn, program, self)
		if err := os.WriteFile(filepath.Join(folder, program), []byte(text), 0o700); err != nil {
			return err
		}
	}
	return nil
}
