import { expect, test } from "vitest";
import { countGuesses } from "./guesses.ts";

const MINUTE = 60_000;

function setUp() {
  let at = 1_000_000;
  const guesses = countGuesses(() => at);
  const wrong = (address: string, times: number) => {
    let wait = 0;
    for (let time = 0; time < times; time += 1) {
      at += guesses.waitOf(address);
      ({ wait } = guesses.wrong(address));
    }
    return wait;
  };
  return { guesses, wrong, pass: (ms: number) => (at += ms) };
}

test("the first wrong passwords have no effect, then the wait doubles, up to five minutes", () => {
  const { guesses, wrong, pass } = setUp();
  expect(wrong("10.0.0.1", 4)).toBe(0);
  expect(guesses.waitOf("10.0.0.1")).toBe(0);
  expect(wrong("10.0.0.1", 1)).toBe(1000);
  expect(guesses.waitOf("10.0.0.1")).toBe(1000);
  pass(999);
  expect(guesses.waitOf("10.0.0.1")).toBe(1);
  expect(wrong("10.0.0.1", 1)).toBe(2000);
  expect(wrong("10.0.0.1", 1)).toBe(4000);
  expect(wrong("10.0.0.1", 50)).toBe(5 * MINUTE);
});

test("other addresses are not blocked, and after an hour without a wrong password the count starts at zero", () => {
  const { guesses, wrong, pass } = setUp();
  wrong("127.0.0.1", 20);
  expect(guesses.waitOf("127.0.0.2")).toBe(0);
  pass(61 * MINUTE);
  expect(wrong("127.0.0.1", 1)).toBe(0);
});

test.each([
  ["127.0.0.1", "::ffff:127.0.0.1", true],
  ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true],
  ["2001:db8::1", "2001:db8:0:0:5:6:7:8", true],
  ["fe80::1%eth0", "fe80::2%eth1", true],
  ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
  ["::1", "2001:db8::1", false],
])("%s and %s are one machine: %s", (one, other, same) => {
  const { guesses, wrong } = setUp();
  wrong(one, 6);
  expect(guesses.waitOf(other) > 0).toBe(same);
});

test("the last thousand addresses are remembered", () => {
  const { guesses } = setUp();
  for (let index = 0; index < 1500; index += 1) {
    guesses.wrong("10.9.9.9");
    guesses.wrong(`10.0.${index >> 8}.${index & 255}`);
  }
  expect(guesses.wrong("10.9.9.9").count).toBe(1501);
  expect(guesses.wrong("10.0.0.0").count).toBe(1);
});
