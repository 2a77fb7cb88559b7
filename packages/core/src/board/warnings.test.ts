import { expect, test } from "vitest";
import { boardWarnings } from "./warnings.ts";

test.each([
  ["127.0.0.1", "http://localhost:3000", 1],
  ["127.0.0.1", "http://tac8-board.localhost:3000", 1],
  ["127.0.0.1", "http://LOCALHOST.:3000", 1],
  ["0.0.0.0", "http://localhost:3000", 1],
  ["::", "http://localhost:3000", 0],
  ["127.0.0.1", "https://localhost:3000", 0],
  ["127.0.0.1", "http://127.0.0.1:3000", 0],
  ["127.0.0.1", "http://localhost.example.org", 0],
  ["127.0.0.1", "", 0],
])("a board on %s that people open at %j has %i warnings", (host, url, count) => {
  expect(boardWarnings({ board: { host, url }, secrets: { boardPasswordSource: null } })).toHaveLength(count);
});

test.each([
  ["/run/secrets/board_password", 1],
  ["/run/board-secrets/password", 0],
  ["/data/tac8-board-password", 0],
  ["TAC8_BOARD_PASSWORD", 0],
])("a board whose password is from %s has %i warnings", (boardPasswordSource, count) => {
  const board = { host: "0.0.0.0", url: "http://127.0.0.1:3000" };
  expect(boardWarnings({ board, secrets: { boardPasswordSource } })).toHaveLength(count);
});
