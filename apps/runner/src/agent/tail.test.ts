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
