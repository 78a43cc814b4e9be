//go:build tools

// Package playground pins the Go modules whose API types become CRDs.
// Nothing here is compiled into a binary of ours; the commands are listed as `tool` lines in go.mod.
package playground

import (
	_ "github.com/fluxcd/helm-controller/api/v2"
	_ "github.com/fluxcd/source-controller/api/v1"
)
