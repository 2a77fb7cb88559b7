import { expect, test } from "vitest";
import { Credit } from "./credit.ts";
import { ACK_EVERY, WINDOW } from "./protocol.ts";

function setUp() {
  const acks: number[] = [];
  const waiting: (() => void)[] = [];
  const line = {
    isReading: true,
    onceReading: (then: () => void) => void waiting.push(then),
    ack: (n: number) => void acks.push(n),
  };
  return { acks, waiting, line, credit: new Credit(line) };
}

const times = (count: number, work: () => void) => Array.from({ length: count }).forEach(work);

test("the helper may send one window of chunks, and more only after the reader has taken some", () => {
  const { credit, acks } = setUp();
  times(WINDOW, () => credit.receive());
  expect(() => credit.receive()).toThrow("more chunks than the window allows");
  times(ACK_EVERY - 1, () => credit.taken());
  expect(() => credit.receive()).toThrow("more chunks than the window allows");
  credit.taken();
  expect(acks).toEqual([ACK_EVERY]);
  times(ACK_EVERY, () => credit.receive());
  expect(() => credit.receive()).toThrow("more chunks than the window allows");
});

test("a helper that does not read its input gets no acknowledgements, and may send no more than its window", () => {
  const { credit, acks, waiting, line } = setUp();
  line.isReading = false;
  times(WINDOW, () => credit.receive());
  times(WINDOW, () => credit.taken());
  expect(() => credit.receive()).toThrow("more chunks than the window allows");
  expect([acks, waiting.length]).toEqual([[], 1]);
  line.isReading = true;
  waiting.pop()?.();
  expect(acks).toEqual([WINDOW]);
  times(WINDOW, () => credit.receive());
});
