import { expect, test } from "vitest";
import { createTail } from "./tail.ts";

test("keeps the end, starting with a complete character", () => {
  const tail = createTail(5);
  tail.push(Buffer.from("abc"));
  expect(tail.text()).toBe("abc");
  tail.push(Buffer.from("défg"));
  expect(tail.text()).toBe("défg");
  tail.push(Buffer.from("hij"));
  expect(tail.text()).toBe("fghij");
  tail.push(Buffer.from("😀xy"));
  expect(tail.text()).toBe("xy");
});

test("keeps the end of a stream, however it is cut into chunks", () => {
  const whole = Array.from({ length: 40 }, (_, index) => String.fromCodePoint(0x41 + (index % 26))).join("");
  for (let first = 0; first <= 12; first += 1) {
    for (let second = 1; second <= 12; second += 1) {
      const tail = createTail(7);
      expect(tail.text()).toBe("");
      let from = 0;
      for (let size = first; from < whole.length; size = size === first ? second : first || second) {
        tail.push(Buffer.from(whole.slice(from, from + size)));
        from += size;
        expect(tail.text()).toBe(whole.slice(0, from).slice(-7));
      }
    }
  }
});
