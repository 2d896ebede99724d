package otto_test

import (
	"errors"

	"github.com/pyloto/atende/internal/fault"
)

var errOutage = fault.Mark(errors.New("timeout"), fault.Dependency)
