package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// pageFolder holds the sources of the local street's page.
const pageFolder = "internal/simulator/page"

// A pagePart is a package that the lock of the page names.
type pagePart struct {
	name      string
	dev       bool // it builds the page and is not in it
	Version   string
	License   string
	Integrity string
	Dev       bool
	DevToo    bool `json:"devOptional"`
}

// pageParts are the packages of the page's lock, by name.
func pageParts(tree fs.FS) ([]pagePart, error) {
	text, err := fs.ReadFile(tree, path.Join(pageFolder, "package-lock.json"))
	if err != nil {
		return nil, err
	}
	var lock struct{ Packages map[string]pagePart }
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("the page's lock: %w", err)
	}
	var parts []pagePart
	for _, at := range slices.Sorted(maps.Keys(lock.Packages)) {
		if at == "" {
			continue // The page itself.
		}
		p := lock.Packages[at]
		p.name = at[strings.LastIndex(at, "node_modules/")+len("node_modules/"):]
		p.dev = p.Dev || p.DevToo
		parts = append(parts, p)
	}
	if len(parts) == 0 {
		return nil, errors.New("the page's lock names no package")
	}
	return parts, nil
}

// pageDocument writes what is in the page as CycloneDX.
func pageDocument(file string) error {
	parts, err := pageParts(os.DirFS("."))
	if err != nil {
		return err
	}
	var components []cyclonedx.Component
	for _, p := range parts {
		if p.dev {
			continue
		}
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
		if err != nil {
			return fmt.Errorf("the sum of %s: %w", p.name, err)
		}
		url := "pkg:npm/" + strings.Replace(p.name, "@", "%40", 1) + "@" + p.Version
		components = append(components, cyclonedx.Component{
			Type: cyclonedx.ComponentTypeLibrary, BOMRef: url, PackageURL: url, Name: p.name, Version: p.Version,
			Hashes:   &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA512, Value: hex.EncodeToString(sum)}},
			Licenses: &cyclonedx.Licenses{{License: &cyclonedx.License{ID: p.License}}},
		})
	}
	document := cyclonedx.NewBOM()
	document.Metadata = &cyclonedx.Metadata{Component: &cyclonedx.Component{
		Type: cyclonedx.ComponentTypeApplication, BOMRef: "atende-page", Name: "atende-page",
	}}
	document.Components = &components
	out, err := os.Create(file) //nolint:gosec // The file is the caller's argument.
	if err != nil {
		return err
	}
	return errors.Join(cyclonedx.NewBOMEncoder(out, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(document), out.Close())
}
