package priority

import "syscall"

// low is the niceness of work in the background. At 10 it has a tenth of a
// processor that others want too, so that scans go on however busy a machine is.
const low = 10

// lower makes the thread one that gives way. Where that is not allowed,
// it stays as it is.
func lower() { _ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), low) }
