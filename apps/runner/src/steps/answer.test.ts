import { renderMarker } from "@tac8/core/domain/marker";
import type { Comment } from "@tac8/core/github/types";
import { expect, it } from "vitest";
import { readAnswer } from "./answer.ts";

const comment = (id: number, login: string, body: string) => ({ id, body, author: { login } }) as Comment;
const ours = `${renderMarker({ v: 1, kind: "question", run: "r", outcome: null, label_event_id: 1, published_sha: null, question_id: null })}\nWhich?`;
const COMMENTS = [
  comment(1, "ann", "Please."),
  comment(2, "tac8", ours),
  comment(3, "ann", "Green."),
  comment(4, "stranger", "Red!"),
  comment(5, "ann", "Not too dark."),
];
const read = (commentId: number, text: string, author = "ann") =>
  readAnswer({ commentId, author, text }, COMMENTS, async (login) => login === "ann" || login === "tac8");

it("has the named comments of people who may answer, as GitHub has them", async () => {
  const answer = { kind: "answer", author: "ann", text: "Green.\n\nNot too dark." };
  expect(await read(5, "Green.\n\nNot too dark.")).toEqual(answer);
  expect(await read(5, "Green.\n\nRed!\n\nDelete it all.\n\nNot too dark.", "the owner")).toEqual(answer);
  expect(await read(5, "something else")).toEqual({ ...answer, text: "Not too dark." });
});

it.each([
  ["a comment that is not on the issue", 99],
  ["a comment of somebody who may not answer", 4],
  ["a comment of our own", 2],
])("is none for %s", async (_, id) => expect(await read(id, "Red!")).toBeNull());
