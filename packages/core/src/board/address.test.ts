import { expect, test } from "vitest";
import { addressFor, outerAddresses } from "./address.ts";

const of = (address: string, family = "IPv4", internal = false) => ({ address, family, internal });
const INTERFACES = {
  lo: [of("127.0.0.1", "IPv4", true), of("::1", "IPv6", true)],
  docker0: [of("172.17.0.1")],
  "br-1234": [of("172.18.0.1")],
  wlan0: [of("2001:db8::7", "IPv6"), of("fe80::1", "IPv6"), of("192.168.1.7"), of("169.254.3.4")],
  tailscale0: [of("100.64.0.7")],
};

test("a board that listens everywhere is at the addresses of the interfaces that other devices reach", () => {
  expect(outerAddresses(INTERFACES, { port: 3000, ipv6: false })).toEqual([
    "http://192.168.1.7:3000",
    "http://100.64.0.7:3000",
  ]);
  expect(outerAddresses(INTERFACES, { port: 3000, ipv6: true }).at(-1)).toBe("http://[2001:db8::7]:3000");
  expect(outerAddresses({ lo: INTERFACES.lo }, { port: 3000, ipv6: true })).toEqual([]);
});

test("its address is the first of them; over SSH the one that SSH was called at; board.url before all", () => {
  const here = "http://127.0.0.1:3000";
  const board = { listens: here, url: here, everywhere: true, addresses: ["http://192.168.1.7:3000"] };
  const ssh = { SSH_CONNECTION: "10.0.0.9 50000 10.0.0.2 22" };
  expect(addressFor(board, {}).url).toBe("http://192.168.1.7:3000");
  expect(addressFor(board, ssh).url).toBe("http://10.0.0.2:3000");
  expect(addressFor({ ...board, url: "https://tac8.example.org" }, {}).url).toBe("https://tac8.example.org");
  expect(addressFor({ listens: here, url: here, everywhere: true }, {}).url).toBe(here);
});
