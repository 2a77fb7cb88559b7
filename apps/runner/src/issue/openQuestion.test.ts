import { describe, expect, it } from "vitest";
import { renderMarker, type Marker } from "@tac8/core/domain/marker";
import { findOpenQuestion } from "./openQuestion.ts";
import { questionText } from "@tac8/core/outgoing/texts";

const LOGIN = "octo";
const ASKED: Marker = {
  v: 1,
  kind: "question",
  run: "run-1",
  outcome: "blocked",
  label_event_id: 7,
  published_sha: null,
  question_id: null,
};
const STATUS: Marker = { ...ASKED, kind: "status", published_sha: "a".repeat(40), question_id: 20 };
const QUESTION = "Red or green?\n\n> Both?";

const comment = (id: number, marker: Marker, text = "Words.", login = LOGIN) => ({
  id,
  body: `${renderMarker(marker)}\n${text}`,
  author: { login },
});
const question = comment(20, ASKED, questionText(QUESTION));

describe("an open question", () => {
  it("is found with its text, its label and the work so far", () => {
    expect(findOpenQuestion([comment(10, STATUS), question], "Octo")).toEqual({
      run: "run-1",
      text: QUESTION,
      labelEvent: 7,
      publishedSha: "a".repeat(40),
    });
  });

  it("is open although the status comment does not show it yet", () => {
    expect(findOpenQuestion([comment(10, { ...STATUS, outcome: null }), question], LOGIN)?.text).toBe(QUESTION);
  });

  it.each([
    ["nothing was asked", [comment(10, STATUS)]],
    ["there is no status comment", [question]],
    ["another run has continued", [comment(10, { ...STATUS, run: "run-2", outcome: null }), question]],
    ["the issue ended", [comment(10, { ...STATUS, outcome: "expired" }), question]],
    ["a stranger wrote it", [comment(10, STATUS), comment(20, ASKED, questionText(QUESTION), "stranger")]],
  ])("is not found if %s", (_why, comments) => {
    expect(findOpenQuestion(comments, LOGIN)).toBeNull();
  });
});
