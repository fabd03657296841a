package store_test

import (
	"testing"

	"github.com/pratique/pratique/internal/store/storetest"
)

func TestSQLite(t *testing.T)     { storetest.Run(t, storetest.SQLiteDSN) }
func TestPostgreSQL(t *testing.T) { storetest.Run(t, storetest.PostgreSQLDSN) }
