package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const mit = `Copyright (c) 2020 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`

const gpl = `This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later
version.

This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without even the implied
warranty of MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public License for more details.
`

func TestLicenceIsTold(t *testing.T) {
	if ids, err := readLicence([]byte(mit)); err != nil || !slices.Equal(ids, []string{"MIT"}) {
		t.Errorf("the text of MIT: got %q, %v", ids, err)
	}
	ids, err := readLicence([]byte(gpl))
	if err != nil || len(ids) != 1 || !strings.HasPrefix(ids[0], "GPL-3.0") {
		t.Fatalf("the notice of the GPL: got %q, %v", ids, err)
	}
	if allowed(ids[0]) {
		t.Errorf("%s is allowed", ids[0])
	}
	for _, text := range []string{"", "You may use this if you ask me first.\n", mit[:200] + strings.Repeat("And you owe me a beer. ", 200)} {
		if ids, err := readLicence([]byte(text)); err == nil {
			t.Errorf("a text that nobody knows is taken for %q: %.60q", ids, text)
		}
	}
}

func TestLicencesOfAPackageAreThoseAroundIt(t *testing.T) {
	top := filepath.Join(t.TempDir(), "module")
	for _, file := range []string{
		"LICENSE", "license.go", "NOTICE", "inner/COPYING.txt", "inner/deep/code.go", "beside/LICENCE", "inner/deep/below/LICENSE", "../LICENSE",
	} {
		at := filepath.Join(top, file)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found := make(map[string]bool)
	if err := collect(found, top, filepath.Join(top, "inner", "deep")); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{filepath.Join(top, "LICENSE"): true, filepath.Join(top, "inner", "COPYING.txt"): true}
	if len(found) != len(want) {
		t.Errorf("got %v, want %v", found, want)
	}
	for file := range want {
		if !found[file] {
			t.Errorf("%s was not found", file)
		}
	}
}
