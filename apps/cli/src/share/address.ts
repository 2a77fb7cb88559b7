import { isIPv4 } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** An address on which Redis may listen, or the reason why there is none, on one line. */
export type ChosenAddress = { readonly address: string; readonly isPublic: boolean } | { readonly problem: string };

/** Interfaces of containers and virtual machines on this machine, which connect to no other machine. */
const VIRTUAL = /^(docker|br-|veth|virbr|lxc|lxdbr|podman|cni|vnet)/;

/** Private networks, and 100.64.0.0/10, which Tailscale uses. */
const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

/** Choose the address for other machines: the requested one, or the only private one. Pure. */
export function chooseAddress(interfaces: Interfaces, wanted: string | null): ChosenAddress {
  const all = Object.entries(interfaces).flatMap(([name, list = []]) =>
    list.filter(({ address }) => isIPv4(address)).map(({ address, internal }) => ({ name, address, internal })),
  );
  const shown =
    all
      .filter(({ internal }) => !internal)
      .map(({ name, address }) => `${address} (${name})`)
      .join(", ") || "none";
  if (wanted !== null) {
    // A loopback address is allowed too, for a tunnel.
    const found = all.find(({ address }) => address === wanted);
    if (found !== undefined) return { address: wanted, isPublic: !found.internal && !PRIVATE.test(wanted) };
    return { problem: `${wanted} is not an IPv4 address of this machine: it has ${shown}` };
  }
  const candidates = all.filter(({ name, address }) => PRIVATE.test(address) && !VIRTUAL.test(name));
  const [first] = candidates;
  if (first === undefined)
    return { problem: `this machine has no private address: choose an address with --address, one of ${shown}` };
  if (candidates.length === 1) return { address: first.address, isPublic: false };
  return { problem: `this machine has several addresses: choose an address with --address, one of ${shown}` };
}
