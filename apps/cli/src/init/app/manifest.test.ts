import { expect, test } from "vitest";
import { appManifest, newAppUrl } from "./manifest.ts";

const given = { unique: "3f2a", home: "https://github.com/o/r", redirectUrl: "http://127.0.0.1:1/made" };

test("the name of an App is within GitHub's limit, also for the longest owner", () => {
  expect(appManifest({ ...given, owner: "octo" }).name).toBe("tac8-octo-3f2a");
  expect(appManifest({ ...given, owner: "o".repeat(39) }).name).toHaveLength(34);
});

test.each([
  ["https://api.github.com", null, "https://github.com/settings/apps/new?state=s"],
  ["https://api.github.com", "acme", "https://github.com/organizations/acme/settings/apps/new?state=s"],
  ["https://github.acme.com/api/v3", null, "https://github.acme.com/settings/apps/new?state=s"],
  ["https://api.acme.ghe.com", "acme", "https://acme.ghe.com/organizations/acme/settings/apps/new?state=s"],
])("for the API %s and the organization %s the manifest goes to %s", (api, organization, url) => {
  expect(newAppUrl(api, { organization, state: "s" })).toBe(url);
});
