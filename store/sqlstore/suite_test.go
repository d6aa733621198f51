package sqlstore_test

import (
	"testing"

	"github.com/mintyard/mintyard/store"
	"github.com/mintyard/mintyard/store/sqlstore"
	"github.com/mintyard/mintyard/store/storetest"
)

// The contract, over a real file and a real server, and over every way to reach
// the server.
func TestContract(t *testing.T) {
	each(t, all(), func(t *testing.T, url string) {
		storetest.Run(t, func(t *testing.T) store.Store { return open(t, url, sqlstore.Options{}) })
	})
}

// The same with one connection for everything.
func TestContractWithOneConnection(t *testing.T) {
	each(t, databases, func(t *testing.T, url string) {
		storetest.Run(t, func(t *testing.T) store.Store { return open(t, url, sqlstore.Options{MaxConns: 1}) })
	})
}
