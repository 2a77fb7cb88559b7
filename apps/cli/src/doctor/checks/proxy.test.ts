import { expect, test } from "vitest";
import { evaluateProxy, type ProxyAnswer } from "./proxy.ts";

const EXIT = { url: "http://tac8:x@exit:3128", shown: "http://exit:3128", variable: "TAC8_EXIT" };
const status = (code: number): ProxyAnswer => ({ kind: "status", status: code });

test.each([
  [status(200), "connection to GitHub through the proxy http://exit:3128 (TAC8_EXIT)", null],
  [status(407), "refuses the credentials", "TAC8_EXIT_PASSWORD_FILE"],
  [status(403), "refuses to connect to github.lan", "TAC8_EXIT_ALLOW"],
  [{ kind: "no answer", why: "ECONNREFUSED" } as const, "does not respond", "docker compose logs exit"],
])("an exit that answers %j: %s", (answer, text, advice) => {
  const finding = evaluateProxy({ proxy: EXIT, host: "github.lan", answer });
  expect(finding.text).toContain(text);
  if (advice === null) expect(finding.status).toBe("ok");
  else expect(finding.advice).toContain(advice);
});
