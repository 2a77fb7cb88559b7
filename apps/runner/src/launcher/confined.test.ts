import { expect, test } from "vitest";
import { asIdentity } from "./identity.ts";

test("a program that is no longer tac8's has neither its user nor its groups", () => {
  const command = asIdentity({ uid: 20_001, gid: 20_001 }, { bounds: true });
  expect(command).toEqual(expect.arrayContaining(["--reuid=20001", "--regid=20001", "--clear-groups"]));
  const shared = asIdentity({ uid: 20_001, gid: 20_001, groups: [20_002] }, { bounds: true });
  expect(shared).toContain("--groups=20002");
});
