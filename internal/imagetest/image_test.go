//go:build images

package imagetest

import (
	"crypto/x509"
	"debug/elf"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	folder = flag.String("images", "", "a folder with, of each image NAME: NAME.json, what buildah inspect says of it; NAME/, its files; NAME.tag, what the engine calls it")
	engine = flag.String("engine", "runc", "what starts containers: docker, podman, or runc upon the files")
)

// image is a built image, unpacked.
type image struct {
	name   string
	tag    string
	root   string
	config configuration
}

// configuration is what an image says about how it is started.
type configuration struct {
	User       string
	Env        []string
	Entrypoint []string
	Cmd        []string
	WorkingDir string
	StopSignal string
}

func open(t *testing.T, name string) *image {
	t.Helper()
	if *folder == "" {
		t.Fatal("no -images: scripts/images.sh builds them and runs these tests")
	}
	at := filepath.Join(*folder, name)
	// It may be a link to where a store keeps it.
	root, err := filepath.EvalSymlinks(at)
	if err != nil {
		t.Fatal(err)
	}
	i := &image{name: name, root: root}
	tag, err := os.ReadFile(at + ".tag")
	if err != nil {
		t.Fatal(err)
	}
	i.tag = strings.TrimSpace(string(tag))
	text, err := os.ReadFile(at + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		OCIv1 struct{ Config configuration }
	}
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatalf("the configuration of %s: %v", name, err)
	}
	i.config = said.OCIv1.Config
	return i
}

// The images are those of the two services.
func services() []string { return []string{"ingress", "worker"} }

func TestImageSaysHowItIsStarted(t *testing.T) {
	for _, name := range services() {
		t.Run(name, func(t *testing.T) {
			c := open(t, name).config
			if c.User != "nonroot:nonroot" {
				t.Errorf("it runs as %q, not as nonroot", c.User)
			}
			if !slices.Equal(c.Entrypoint, []string{"/" + name}) || len(c.Cmd) > 0 {
				t.Errorf("it starts %q %q, not its program alone", c.Entrypoint, c.Cmd)
			}
			if c.StopSignal != "SIGTERM" {
				t.Errorf("it is stopped by %q", c.StopSignal)
			}
			// What a builder was lent must not travel with the image.
			for _, pair := range c.Env {
				variable, _, _ := strings.Cut(pair, "=")
				if !slices.Contains([]string{"PATH", "PORT", "SSL_CERT_FILE"}, variable) {
					t.Errorf("it carries the variable %s", variable)
				}
			}
		})
	}
}

func TestImageHoldsTheProgramAndLittleElse(t *testing.T) {
	for _, name := range services() {
		t.Run(name, func(t *testing.T) {
			i := open(t, name)
			var runnable []string
			err := filepath.WalkDir(i.root, func(path string, entry fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				info, err := entry.Info()
				if err != nil {
					return err
				}
				inside := strings.TrimPrefix(path, i.root)
				mode := info.Mode()
				if mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
					t.Errorf("%s takes somebody else's rights: %v", inside, mode)
				}
				if mode&fs.ModeSymlink == 0 && mode&0o002 != 0 && mode&fs.ModeSticky == 0 {
					t.Errorf("%s can be written by anybody: %v", inside, mode)
				}
				if mode&fs.ModeDevice != 0 {
					t.Errorf("%s is a device", inside)
				}
				// Engines lay empty files over what they unpack.
				if mode.IsRegular() && info.Size() > 0 && (mode&0o111 != 0 || strings.HasPrefix(inside, "/bin/")) {
					runnable = append(runnable, inside)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(runnable, []string{"/" + name}) {
				t.Errorf("it holds the programs %q, not its own alone", runnable)
			}
		})
	}
}

func TestProgramOfImageNeedsNothing(t *testing.T) {
	for _, name := range services() {
		t.Run(name, func(t *testing.T) {
			i := open(t, name)
			program, err := elf.Open(filepath.Join(i.root, name))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = program.Close() }()
			if slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
				t.Error("the program wants a dynamic loader, and the image has none")
			}

			authorities, err := os.ReadFile(filepath.Join(i.root, "etc/ssl/certs/ca-certificates.crt"))
			if err != nil {
				t.Fatal(err)
			}
			if !x509.NewCertPool().AppendCertsFromPEM(authorities) {
				t.Error("the image has no certificate authority: nothing outside could be called")
			}
		})
	}
}

// account is the user and group that the image's own files give to a name of
// the form USER:GROUP.
func (i *image) account() (uid, gid int, err error) {
	user, group, _ := strings.Cut(i.config.User, ":")
	if uid, err = i.number("etc/passwd", user); err != nil {
		return 0, 0, err
	}
	gid, err = i.number("etc/group", group)
	return uid, gid, err
}

// number is the third field of a name's line.
func (i *image) number(file, name string) (int, error) {
	text, err := os.ReadFile(filepath.Join(i.root, file))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 3 || fields[0] != name {
			continue
		}
		var n int
		if _, err := fmt.Sscan(fields[2], &n); err != nil {
			return 0, fmt.Errorf("%s of %s in /%s: %w", fields[2], name, file, err)
		}
		return n, nil
	}
	return 0, fmt.Errorf("/%s knows no %s", file, name)
}
