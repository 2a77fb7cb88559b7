import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

const IPV4: readonly (readonly [network: string, prefix: number, what: string])[] = [
  ["0.0.0.0", 8, "an unspecified address"],
  ["10.0.0.0", 8, "a private address"],
  ["100.64.0.0", 10, "an address behind a carrier's NAT"],
  ["127.0.0.0", 8, "a loopback address"],
  // Includes 169.254.169.254, where clouds return credentials.
  ["169.254.0.0", 16, "a link-local address"],
  ["172.16.0.0", 12, "a private address"],
  ["192.0.0.0", 24, "a reserved address"],
  ["192.0.2.0", 24, "a reserved address"],
  ["192.88.99.0", 24, "a reserved address"],
  ["192.168.0.0", 16, "a private address"],
  ["198.18.0.0", 15, "a reserved address"],
  ["198.51.100.0", 24, "a reserved address"],
  ["203.0.113.0", 24, "a reserved address"],
  ["224.0.0.0", 4, "a multicast address"],
  ["240.0.0.0", 4, "a reserved address"],
  // Azure's own services, on a public address.
  ["168.63.129.16", 32, "an address of the cloud's own services"],
];

/** Reserved parts of the global unicast range, which is the only allowed range. */
const IPV6: readonly (readonly [network: string, prefix: number, what: string])[] = [
  ["2001::", 23, "a reserved address"], // Includes Teredo, which contains an IPv4 address.
  ["2001:db8::", 32, "a reserved address"],
  ["2002::", 16, "an IPv6 address that contains an IPv4 address"],
  ["3fff::", 20, "a reserved address"],
];

const ipv4 = IPV4.map(([network, prefix, what]) => ({ list: listOf(network, prefix, "ipv4"), what }));
const ipv6 = IPV6.map(([network, prefix, what]) => ({ list: listOf(network, prefix, "ipv6"), what }));
const global6 = listOf("2000::", 3, "ipv6");
const nat64 = listOf("64:ff9b::", 16, "ipv6");
const mapped = listOf("::", 64, "ipv6");

/**
 * Return why an agent may not connect to an address; null if it is a public address of another machine. `own`:
 * addresses of this machine.
 */
export function whyForbidden(address: string, own: readonly string[]): string | null {
  const family = isIP(address);
  if (family === 0) return "no address";
  if (own.includes(address)) return "an address of this machine";
  if (family === 4) return ipv4.find(({ list }) => list.check(address, "ipv4"))?.what ?? null;
  if (!global6.check(address, "ipv6")) {
    const inside = nat64.check(address, "ipv6") || mapped.check(address, "ipv6");
    return inside ? "an IPv6 address that contains an IPv4 or loopback address" : "not a public address";
  }
  return ipv6.find(({ list }) => list.check(address, "ipv6"))?.what ?? null;
}

/** Return the current addresses of this machine's interfaces. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}

function listOf(network: string, prefix: number, type: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  list.addSubnet(network, prefix, type);
  return list;
}
