package main

import (
	"io"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/pratique/pratique/internal/engine"
)

// progress shows how far a scan is, on a terminal; elsewhere it shows nothing.
type progress struct {
	bars *mpb.Progress
	bar  *mpb.Bar
}

func newProgress(w io.Writer, total int64) *progress {
	if !isTerminal(w) || total == 0 {
		return &progress{}
	}
	bars := mpb.New(mpb.WithOutput(w), mpb.WithWidth(40))
	bar := bars.AddBar(total,
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("scanning")),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f "), decor.Percentage()),
	)
	return &progress{bars, bar}
}

func (p *progress) update(e engine.Progress) {
	if p.bar != nil {
		p.bar.SetCurrent(e.BytesDone)
	}
}

// stop removes the bar, whether it is complete or not.
func (p *progress) stop() {
	if p.bar != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is the number of columns of a terminal, 0 where there is none.
func terminalWidth(w any) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}
