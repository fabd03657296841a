package storetest

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Rows counts the rows of all tables of a database, apart from those of the
// queue, by a connection of its own.
func Rows(t testing.TB, dsn string) map[string]int {
	t.Helper()
	driver, tables := "pgx", `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_query_only=1&_busy_timeout=10000"
		tables = `SELECT name FROM sqlite_master WHERE type = 'table'`
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.QueryContext(t.Context(), tables)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	counts := map[string]int{}
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, "river_") && !strings.HasPrefix(name, "sqlite_") {
			counts[name] = 0
		}
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	for name := range counts {
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM "`+name+`"`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		counts[name] = n
	}
	return counts
}
