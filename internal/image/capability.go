package image

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// capabilityRecord is the PAX record of the extended attribute that holds a
// file's capabilities.
const capabilityRecord = "SCHILY.xattr.security.capability"

// Revisions of struct vfs_cap_data, the attribute's value, and their sizes. It
// is little-endian: revision and flags, then permitted and inheritable, 32 bits
// each, once (revision 1) or twice, and in revision 3 the user ID of the root
// of the namespace it holds in. See linux/capability.h and capabilities(7).
const (
	capRevisionMask = 0xff000000
	capRevision1    = 0x01000000
	capRevision2    = 0x02000000
	capRevision3    = 0x03000000

	capSize1 = 4 + 8
	capSize2 = 4 + 2*8
	capSize3 = 4 + 2*8 + 4
)

// capabilityNames are the names by the number of the bit.
var capabilityNames = [...]string{
	"cap_chown", "cap_dac_override", "cap_dac_read_search", "cap_fowner", "cap_fsetid",
	"cap_kill", "cap_setgid", "cap_setuid", "cap_setpcap", "cap_linux_immutable",
	"cap_net_bind_service", "cap_net_broadcast", "cap_net_admin", "cap_net_raw", "cap_ipc_lock",
	"cap_ipc_owner", "cap_sys_module", "cap_sys_rawio", "cap_sys_chroot", "cap_sys_ptrace",
	"cap_sys_pacct", "cap_sys_admin", "cap_sys_boot", "cap_sys_nice", "cap_sys_resource",
	"cap_sys_time", "cap_sys_tty_config", "cap_mknod", "cap_lease", "cap_audit_write",
	"cap_audit_control", "cap_setfcap", "cap_mac_override", "cap_mac_admin", "cap_syslog",
	"cap_wake_alarm", "cap_block_suspend", "cap_audit_read", "cap_perfmon", "cap_bpf",
	"cap_checkpoint_restore",
}

// capabilities returns the names of what a program gains by the attribute's
// value when it is run: the permitted set. The inheritable one adds only to
// what its caller has. A bit without a name is "cap_" and its number. What is
// no valid value gives nothing, as the kernel does not run such a file.
func capabilities(value string) []string {
	set := permitted([]byte(value))
	if set == 0 {
		return nil
	}
	names := make([]string, 0, bits.OnesCount64(set))
	for ; set != 0; set &= set - 1 {
		bit := bits.TrailingZeros64(set)
		if bit < len(capabilityNames) {
			names = append(names, capabilityNames[bit])
		} else {
			names = append(names, fmt.Sprintf("cap_%d", bit))
		}
	}
	slices.Sort(names)
	return names
}

// permitted is the permitted set of the attribute's value.
func permitted(value []byte) uint64 {
	if len(value) < capSize1 {
		return 0
	}
	set := uint64(binary.LittleEndian.Uint32(value[4:]))
	revision := binary.LittleEndian.Uint32(value) & capRevisionMask
	switch {
	case revision == capRevision1 && len(value) == capSize1:
		return set
	case revision == capRevision2 && len(value) == capSize2,
		revision == capRevision3 && len(value) == capSize3:
		return set | uint64(binary.LittleEndian.Uint32(value[12:]))<<32
	}
	return 0
}
