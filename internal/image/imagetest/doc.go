// Package imagetest makes container images of text, so that a test shows the
// image it is about and no binary image is kept in git.
//
// An image is written as a txtar archive: sections that begin with a line
// "-- NAME --" and hold the lines up to the next one.
//
//	platform: linux/arm64
//
//	-- layer --
//	RUN apt-get install curl
//	-- etc/os-release --
//	ID=debian
//	-- usr/bin/curl mode=0755 uid=1 gid=2 content=elf --
//	-- usr/bin/alias symlink=curl --
//	-- usr/bin/twin hardlink=usr/bin/curl --
//	-- empty --
//	CMD ["curl"]
//	-- layer zstd --
//	COPY . /
//	-- etc/.wh.motd --
//	-- srv/.wh..wh..opq --
//	-- srv/data/ mode=0700 --
//
// What comes before the first section are settings, one "key: value" per line:
//
//	platform: OS/ARCHITECTURE[/VARIANT]  linux/amd64 unless given
//	format: oci | docker                 media types; oci unless given
//	created: TIME                        2026-01-01T00:00:00Z unless given
//	env: NAME=VALUE                      environment, any number of times
//	label: NAME=VALUE                    labels, any number of times
//	annotation: NAME=VALUE               of the manifest, any number of times
//	user, workdir: TEXT                  what a container starts with
//	entrypoint, cmd: WORD…               the same, words divided by spaces
//	healthcheck: COMMAND                 run by a shell
//	port: 80/tcp, volume: /data          any number of times
//
// A section "layer" begins a layer; its text is the build instruction, and its
// words say how the layer is stored: gzip (unless given), zstd or plain. A
// section "empty" adds an instruction to the history that made no layer. Every
// other section is an entry of the layer above it: a file with the section's
// text as content, or, with a name that ends in a slash, a directory. Words
// after the name change the entry:
//
//	mode=OCTAL uid=N gid=N    0644 (directories 0755), 0 and 0 unless given
//	symlink=T hardlink=T      a link to T
//	char=MAJOR,MINOR          a character device; block= for a block device
//	fifo                      a named pipe
//	content=KEY               content from the map given to Build
//	size=N                    the content repeated up to N bytes (zeros if empty)
//	xattr.NAME=VALUE          an extended attribute; bytes as a quoted Go string
//
// Names stand in the archive exactly as written ("./a", "/a", "../a"). A name
// with spaces is written as a quoted Go string. A file called "layer" or
// "empty" is written "./layer". The same text always makes the same bytes.
package imagetest
