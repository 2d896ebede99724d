package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named are what a pack calls itself, its lines of business and its figures.
var named = regexp.MustCompile(`(?m)^[\s-]*(?:name|value): *"?([^"\n]+?)"? *$`)

// TestNoGoFileKnowsABusiness finds what only a pack may say: what a business is
// called, what it sells and what that costs. The module's own path holds the
// name of its owner.
func TestNoGoFileKnowsABusiness(t *testing.T) {
	standard, err := os.ReadFile(filepath.Join(top, "packs", "default"))
	if err != nil {
		t.Fatal(err)
	}
	owner := ""
	said := map[string]string{}
	files, err := filepath.Glob(filepath.Join(top, "packs", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	facts, err := filepath.Glob(filepath.Join(top, "packs", "*", "facts", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, facts...) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(content), -1) {
			said[m[1]] = name
			if filepath.Base(name) == "business.yaml" && strings.HasPrefix(m[0], "name:") &&
				filepath.Base(filepath.Dir(name)) == strings.TrimSpace(string(standard)) {
				owner = m[1]
			}
		}
	}
	if owner == "" || len(said) < 20 {
		t.Fatalf("%q with %d names and figures: the packs are not where they were", owner, len(said))
	}
	for _, files := range packages(t) {
		for _, f := range files {
			content, err := os.ReadFile(filepath.Join(top, f.path))
			if err != nil {
				t.Fatal(err)
			}
			text := strings.ToLower(strings.ReplaceAll(string(content), module, ""))
			if strings.Contains(text, strings.ToLower(owner)) {
				t.Errorf("%s names %s", f.path, owner)
			}
			for what, where := range said {
				if !f.test && strings.Contains(text, strings.ToLower(what)) {
					t.Errorf("%s says %q, which belongs to %s", f.path, what, where)
				}
			}
		}
	}
}
