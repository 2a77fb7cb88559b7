/** Numbers of system calls of one architecture. */
interface Calls {
  /** `AUDIT_ARCH_*` of `linux/audit.h`. */
  readonly audit: number;
  readonly socket: number;
  readonly refused: readonly number[];
}

const IO_URING = [425, 426, 427];
/** Refused calls by `process.arch`: syslog, add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd, io_uring_*. */
const CALLS: Readonly<Record<string, Calls>> = {
  x64: { audit: 0xc000003e, socket: 41, refused: [103, 248, 249, 250, 298, 321, 323, ...IO_URING] },
  arm64: { audit: 0xc00000b7, socket: 198, refused: [116, 217, 218, 219, 241, 280, 282, ...IO_URING] },
};
/** Allowed socket families: AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. */
const FAMILIES = [1, 2, 10, 16];
/** Bit of the second set of call numbers of x86-64 (x32). */
const X32 = 0x4000_0000;

/** Constants of `linux/filter.h`, `linux/seccomp.h` and `errno.h`. */
const [LOAD, EQUAL, AT_LEAST, RETURN] = [0x20, 0x15, 0x35, 0x06];
const [NUMBER_AT, ARCH_AT, FIRST_ARGUMENT_AT] = [0, 4, 16];
const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
const [ENOSYS, EAFNOSUPPORT] = [38, 97];

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/**
 * Return a seccomp filter in the format of `bwrap --seccomp`. It refuses what no namespace isolates: the kernel's keyrings (programs
 * inside have the session keyring of tac8's user) and sockets to the host of a virtual machine (AF_VSOCK). It also refuses the calls
 * that create sockets without the filter (io_uring), the kernel's log, and three calls that attacks on the kernel use. Refused calls,
 * and all calls of 32-bit programs, fail as on a kernel that does not have them. Pure.
 * @param arch a value of `process.arch`
 * @returns null for an architecture whose numbers are not listed
 */
export function seccompFilter(arch: string): Buffer | null {
  const calls = CALLS[arch];
  if (calls === undefined) return null;
  const refuse = ERRNO | ENOSYS;
  const program: Instruction[] = [
    [LOAD, 0, 0, ARCH_AT],
    [EQUAL, 1, 0, calls.audit],
    [RETURN, 0, 0, refuse],
    [LOAD, 0, 0, NUMBER_AT],
    [AT_LEAST, 0, 1, X32],
    [RETURN, 0, 0, refuse],
    ...calls.refused.flatMap((number): Instruction[] => [
      [EQUAL, 0, 1, number],
      [RETURN, 0, 0, refuse],
    ]),
    [EQUAL, 1, 0, calls.socket],
    [RETURN, 0, 0, ALLOW],
    [LOAD, 0, 0, FIRST_ARGUMENT_AT],
    ...FAMILIES.flatMap((family): Instruction[] => [
      [EQUAL, 0, 1, family],
      [RETURN, 0, 0, ALLOW],
    ]),
    [RETURN, 0, 0, ERRNO | EAFNOSUPPORT],
  ];
  return Buffer.concat(program.map(encode));
}

/** One `struct sock_filter`, in the byte order of both architectures. */
function encode([code, ifTrue, ifFalse, value]: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
