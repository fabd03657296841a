package image

import "github.com/pratique/pratique/internal/catalog"

// Limits bounds what is scanned. The first three are rules of the service that
// users meet (§2.2); the others stop content that is made to exhaust us, and
// no image in use comes near them. A limit of zero or less is not applied.
type Limits struct {
	// ImageSize is the sum of the layers as stored, in bytes.
	ImageSize int64
	// Layers is the number of layers.
	Layers int
	// LayerSize is the size of one layer as stored, in bytes.
	LayerSize int64

	// Inflated is the size of one layer uncompressed, in bytes.
	Inflated int64
	// Ratio is how many bytes one stored byte may inflate to on average. It
	// applies from RatioFrom inflated bytes on, because small layers of zeros
	// are ordinary.
	Ratio     int64
	RatioFrom int64
	// Entries is the number of entries of one layer.
	Entries int
	// Names is the number of bytes in all names and link targets of one layer.
	Names int64
	// PathLength is the length of one path or link target. A longer one cannot
	// exist on Linux; its entry is left out with a note.
	PathLength int
}

// DefaultLimits returns the limits of specification §2.2, with 1 GB as 2³⁰
// bytes, and bounds that no honest image meets.
func DefaultLimits() Limits {
	return Limits{
		ImageSize:  50 << 30,
		Layers:     127,
		LayerSize:  10 << 30,
		Inflated:   100 << 30,
		Ratio:      250,
		RatioFrom:  1 << 30,
		Entries:    1_000_000,
		Names:      256 << 20,
		PathLength: 4096,
	}
}

// Check checks what can be said of an image without reading its layers. The
// error is a *catalog.ScanError with cause image_over_sized or
// image_layer_over_sized.
func (l Limits) Check(img *Image) error {
	if l.Layers > 0 && len(img.Layers) > l.Layers {
		return catalog.ScanErrorf(catalog.CauseLayerTooLarge, "the image has %d layers, more than %d", len(img.Layers), l.Layers)
	}
	for n, layer := range img.Layers {
		if l.LayerSize > 0 && layer.Size > l.LayerSize {
			return catalog.ScanErrorf(catalog.CauseLayerTooLarge,
				"layer %d (%s) has %d bytes, more than %d", n+1, layer.label(), layer.Size, l.LayerSize)
		}
	}
	if size := img.Size(); l.ImageSize > 0 && size > l.ImageSize {
		return catalog.ScanErrorf(catalog.CauseImageTooLarge, "the image has %d bytes, more than %d", size, l.ImageSize)
	}
	return nil
}

// checkInflated stops a layer that inflates beyond bounds: stored bytes have
// become inflated ones so far.
func (l Limits) checkInflated(stored, inflated int64) error {
	if l.Inflated > 0 && inflated > l.Inflated {
		return catalog.ScanErrorf(catalog.CauseLayerTooLarge, "it inflates to more than %d bytes", l.Inflated)
	}
	// Division instead of a product, which could overflow.
	if l.Ratio > 0 && inflated > l.RatioFrom && inflated/l.Ratio > stored {
		return catalog.ScanErrorf(catalog.CauseLayerTooLarge,
			"it inflates to more than %d times its size, as a decompression bomb does", l.Ratio)
	}
	return nil
}

// checkEntries stops a layer with too many entries or too much in names.
func (l Limits) checkEntries(entries int, names int64) error {
	if l.Entries > 0 && entries > l.Entries {
		return catalog.ScanErrorf(catalog.CauseLayerTooLarge, "it has more than %d entries", l.Entries)
	}
	if l.Names > 0 && names > l.Names {
		return catalog.ScanErrorf(catalog.CauseLayerTooLarge, "the names of its entries take more than %d bytes", l.Names)
	}
	return nil
}
