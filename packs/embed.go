// Package packs embeds every business folder beside it. A folder is found by
// pattern and the default one by the file named default, so that no code
// names a business.
package packs

import (
	"embed"
	"io/fs"
)

// DefaultFile is the file that names the default folder.
const DefaultFile = "default"

// Folder is the path of this package's folder within the repository, for who is
// told where something stands.
const Folder = "packs"

//go:embed default */*
var folders embed.FS

// FS holds one folder per business and the file [DefaultFile].
func FS() fs.FS { return folders }
