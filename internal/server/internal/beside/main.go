// Command beside measures Pratique beside the reference registry of the OCI
// distribution project, in one run, over the loopback interface, with the same
// clients on the same processors. Pratique has its gate on and asks for bearer
// tokens, the other has neither. It prints tables; nothing passes or fails.
//
// Usage: beside -pratique PROGRAM -registry PROGRAM -advisories DIR -image LAYOUT
package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
)

func main() {
	var b bench
	flag.StringVar(&b.pratiqueProgram, "pratique", "bin/pratique", "the program pratique")
	flag.StringVar(&b.referenceProgram, "registry", "", "the program of the reference registry")
	flag.StringVar(&b.advisories, "advisories", "", "a compiled advisory database")
	flag.StringVar(&b.layout, "image", "", "an OCI layout, whose largest layer is what scans read")
	flag.DurationVar(&b.duration, "duration", 5*time.Second, "how long each measurement takes")
	flag.IntVar(&b.rounds, "rounds", 3, "how often each is repeated; the median counts")
	flag.IntVar(&b.scans, "scans", 20, "how many scans are begun while pulls are measured")
	flag.StringVar(&b.only, "only", "", "manifests, scans or blobs instead of all three")
	flag.Parse()
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "beside:", err)
		os.Exit(1)
	}
}

type bench struct {
	pratiqueProgram, referenceProgram string
	advisories, layout                string
	duration                          time.Duration
	rounds, scans                     int
	only                              string
	// digest is that of the image that is pulled.
	digest string

	pratique, reference *registry
	admin               *client.Client
}

func (b *bench) both() []*registry { return []*registry{b.pratique, b.reference} }

func (b *bench) run() error {
	dir, err := os.MkdirTemp(os.Getenv("TMPDIR"), "beside")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := b.startReference(filepath.Join(dir, "reference")); err != nil {
		return err
	}
	defer b.reference.stop()
	if err := b.startPratique(filepath.Join(dir, "pratique")); err != nil {
		return err
	}
	defer b.pratique.stop()
	if err := b.pushImage(); err != nil {
		return err
	}
	for _, step := range []struct {
		name    string
		measure func() error
	}{{"manifests", b.manifests}, {"scans", b.whileScanning}, {"blobs", b.blobs}} {
		if b.only != "" && b.only != step.name {
			continue
		}
		if err := step.measure(); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) startReference(dir string) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {cache: {blobdescriptor: inmemory}, filesystem: {rootdirectory: %q}}\nhttp: {addr: %q}\n",
		filepath.Join(dir, "data"), address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	b.reference, err = start("distribution", dir, address, b.referenceProgram, "serve", config)
	return err
}

func (b *bench) startPratique(dir string) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	advisories, err := filepath.Abs(b.advisories)
	if err != nil {
		return err
	}
	if err := os.Symlink(advisories, filepath.Join(dir, "advisories")); err != nil {
		return err
	}
	if b.pratique, err = start("pratique", dir, address, b.pratiqueProgram, "serve", "--data", dir, "--address", address,
		"--advisories-source", filepath.Join(dir, "none")); err != nil {
		return err
	}
	if b.admin, err = client.New(client.Config{Data: dir}); err != nil {
		return err
	}
	b.pratique.user, b.pratique.password = "admin", rand.Text()
	ctx := context.Background()
	if _, err := b.admin.SetPassword(ctx, "admin", b.pratique.password); err != nil {
		return err
	}
	yes := true
	for _, ns := range []string{"bench", "scans"} {
		if _, err := b.admin.CreateNamespace(ctx, api.NamespaceCreate{Name: ns, Public: true}); err != nil {
			return err
		}
		auto := ns == "bench" // the other's scans are asked for when it is time
		if _, err := b.admin.UpdateNamespace(ctx, ns, api.NamespaceChange{AutoScan: &auto, PreventVul: &yes}); err != nil {
			return err
		}
	}
	return nil
}

// manifests measures pulls of the manifest of an image that was scanned.
// pushImage pushes the image that is pulled to both, and waits until it may be.
func (b *bench) pushImage() error {
	layer, diffID, err := smallLayer()
	if err != nil {
		return err
	}
	for _, r := range b.both() {
		p, err := r.pusher("bench/image")
		if err != nil {
			return err
		}
		if b.digest, err = p.image("1", layer, diffID); err != nil {
			return err
		}
	}
	return b.scanned(client.Image{Namespace: "bench", Repository: "image", Reference: "1"})
}

func (b *bench) manifests() error {
	fmt.Printf("\n| manifests, %d connections | registry | pulls/s | ratio | p50 | p99 |\n| --- | --- | ---: | ---: | ---: | ---: |\n", clients)
	for _, by := range []string{"1", b.digest} {
		what := "by tag"
		if by == b.digest {
			what = "by digest"
		}
		var loads [2][]load
		for range b.rounds {
			for i, r := range b.both() {
				l, err := b.pull(r, by, 0)
				if err != nil {
					return err
				}
				loads[i] = append(loads[i], l)
			}
		}
		ours, theirs := median(loads[0]), median(loads[1])
		for i, l := range []load{ours, theirs} {
			fmt.Printf("| %s | %s | %.0f | %.2f | %s | %s |\n", what, b.both()[i].name, l.perSecond(), l.perSecond()/theirs.perSecond(), ms(l.quantile(.5)), ms(l.quantile(.99)))
		}
	}
	return nil
}

func (b *bench) pull(r *registry, reference string, rate float64) (load, error) {
	token, err := r.token("bench/image", "pull")
	if err != nil {
		return load{}, err
	}
	return run(r.address, "/v2/bench/image/manifests/"+reference, token, rate, b.duration)
}

// median returns the load whose throughput is in the middle.
func median(loads []load) load {
	slices.SortFunc(loads, func(a, b load) int { return int(a.perSecond() - b.perSecond()) })
	return loads[len(loads)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }

// scanned waits for the end of an image's scan.
func (b *bench) scanned(image client.Image) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	s, err := b.admin.LatestScan(ctx, image)
	if err == nil {
		_, err = b.admin.WaitForScan(ctx, image, s, nil)
	}
	return err
}

// pacedRate is how many pulls a second are measured beside scans: about a tenth
// of what is possible, so that waiting for other pulls does not count.
const pacedRate = 400

// whileScanning measures what scans add to the time pulls take.
func (b *bench) whileScanning() error {
	if err := b.pushVariants(); err != nil {
		return err
	}
	quiet, err := b.pull(b.pratique, "1", pacedRate)
	if err != nil {
		return err
	}
	for i := range b.scans {
		if _, err := b.admin.RequestScan(context.Background(), variantImage(i)); err != nil {
			return err
		}
	}
	before, err := b.running()
	if err != nil {
		return err
	}
	busy, err := b.pull(b.pratique, "1", pacedRate)
	if err != nil {
		return err
	}
	after, err := b.running()
	if err != nil {
		return err
	}
	fmt.Printf("\n| pulls, %d a second | p50 | p99 |\n| --- | ---: | ---: |\n", pacedRate)
	fmt.Printf("| no scan runs | %s | %s |\n", ms(quiet.quantile(.5)), ms(quiet.quantile(.99)))
	fmt.Printf("| %d scans run at the start, %d at the end | %s | %s |\n", before, after, ms(busy.quantile(.5)), ms(busy.quantile(.99)))
	fmt.Printf("| added | %s | %s |\n", ms(busy.quantile(.5)-quiet.quantile(.5)), ms(busy.quantile(.99)-quiet.quantile(.99)))
	for i := range b.scans { // what follows is measured without scans
		if err := b.scanned(variantImage(i)); err != nil {
			return err
		}
	}
	return nil
}

func variantImage(i int) client.Image {
	return client.Image{Namespace: "scans", Repository: fmt.Sprint("image", i), Reference: "1"}
}

// pushVariants pushes images that share no layer.
func (b *bench) pushVariants() error {
	v, err := newVariants(b.layout)
	if err != nil {
		return err
	}
	for i := range b.scans {
		p, err := b.pratique.pusher(fmt.Sprint("scans/image", i))
		if err != nil {
			return err
		}
		layer, diffID, err := v.variant(i + 1)
		if err != nil {
			return err
		}
		if _, err := p.image("1", layer, diffID); err != nil {
			return err
		}
	}
	return nil
}

// running returns how many scans run, by the metrics.
func (b *bench) running() (int, error) {
	req, err := http.NewRequest("GET", "http://"+b.pratique.address+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	req.SetBasicAuth(b.pratique.user, b.pratique.password)
	body, _, err := send(req, http.StatusOK)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, `pratique_scans{state="running"} `); ok {
			var n float64
			_, err := fmt.Sscan(rest, &n)
			return int(n), err
		}
	}
	return 0, fmt.Errorf("%s tells nothing of scans", req.URL)
}

const mebibyte = 1 << 20

// chunk is the size of the pieces of a push in chunks.
const chunk = 8 * mebibyte

// blobs measures pushes of new blobs, and pulls of them.
func (b *bench) blobs() error {
	fmt.Printf("\n| blobs | pratique | distribution | ratio |\n| --- | ---: | ---: | ---: |\n")
	content := make([]byte, 256*mebibyte)
	rand.Read(content) // never fails
	for _, size := range []int{1, 16, 256} {
		for _, piece := range []int{0, chunk} {
			how := "push at once"
			if piece > 0 {
				how = "push in chunks"
			}
			err := b.compare(fmt.Sprintf("%s, %d MiB", how, size), size, func(r *registry) (time.Duration, error) {
				return r.push(content[:size*mebibyte], piece)
			})
			if err != nil {
				return err
			}
		}
		for _, r := range b.both() {
			p, err := r.pusher("bench/artifact")
			if err != nil {
				return err
			}
			part := content[:size*mebibyte]
			if err := p.blob(part, digestOf(part), 0); err != nil {
				return err
			}
			if err := p.artifact("1", []descriptor{{mediaBytes, digestOf(part), int64(len(part))}}); err != nil {
				return err
			}
		}
		path := "/v2/bench/artifact/blobs/" + digestOf(content[:size*mebibyte])
		err := b.compare(fmt.Sprintf("pull, %d MiB", size), size, func(r *registry) (time.Duration, error) { return r.fetch(path) })
		if err != nil {
			return err
		}
	}
	return nil
}

// compare prints MB/s of moving blobs of a size, in the median over many.
func (b *bench) compare(what string, size int, move func(*registry) (time.Duration, error)) error {
	var took [2][]time.Duration
	for range b.rounds * max(1, min(10, 64/size)) {
		for i, r := range b.both() {
			t, err := move(r)
			if err != nil {
				return err
			}
			took[i] = append(took[i], t)
		}
	}
	var rate [2]float64
	for i := range took {
		slices.Sort(took[i])
		rate[i] = float64(size*mebibyte) / 1e6 / took[i][len(took[i])/2].Seconds()
	}
	fmt.Printf("| %s | %.0f MB/s | %.0f MB/s | %.2f |\n", what, rate[0], rate[1], rate[0]/rate[1])
	return nil
}

// push measures the push of a blob that was not there: content is changed for
// it.
func (r *registry) push(content []byte, piece int) (time.Duration, error) {
	binary.LittleEndian.PutUint64(content, binary.LittleEndian.Uint64(content)+1)
	digest := digestOf(content)
	p, err := r.pusher("bench/pushed")
	if err != nil {
		return 0, err
	}
	start := time.Now()
	err = p.blob(content, digest, piece)
	return time.Since(start), err
}

func (r *registry) fetch(path string) (time.Duration, error) {
	token, err := r.token("bench/artifact", "pull")
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequest("GET", "http://"+r.address+path, nil)
	if err != nil {
		return 0, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	start := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("GET %s: %s", path, res.Status)
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, res.Body, make([]byte, mebibyte))
	return time.Since(start), err
}
