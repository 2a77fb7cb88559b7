/** Names, in lower case, of files in which programs store keys, passwords and tokens. */
const NAMES =
  /^(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|[._]netrc|\.pgpass|\.my\.cnf|\.mylogin\.cnf|\.git-credentials|\.pypirc|\.dockercfg|\.htpasswd|\.vault-token|\.s3cfg|\.boto|\.?credentials(?:\.(?:json|ya?ml|toml|ini|csv|xml))?|client_secrets?(?:_.*)?\.json|service[-_]?account.*\.json|application_default_credentials\.json|\.?secrets?(?:\.(?:json|ya?ml|toml|ini|properties))?|kubeconfig|terraform\.tfstate(?:\.backup)?|\.claude\.json)$/;
const ENDS = /\.(?:pem|key|p12|pfx|pkcs12|jks|keystore|ppk|kdbx?|ovpn|gpg|p8|keytab|agekey|tfvars)$/;
/** Folders of a home folder in which programs store private data. */
const FOLDERS = /(?:^|\/)\.(?:aws|ssh|gnupg|azure|kube|docker|config\/gcloud|config\/gh)\//;
/** Names of templates, which are made to be shared. */
const TEMPLATE = /[._-](?:example|sample|template|tmpl|tpl|dist|defaults?|schema)(?:\.\w+)?$/;

const LOCAL_ENV = /^\.env(?:\.(?:.+\.)?local)?$/;
const OTHER_ENV = /^\.env(?:\..+|rc)$|^.+\.env$/;
const SECRET_VALUE =
  /^\s*(?:export\s+)?\w*(?:KEY|TOKEN|SECRET|PASS|PWD|CREDENTIAL|AUTH|DSN)\w*\s*=\s*["']?[^\s"'#$]|:\/\/[^\s:/@]+:[^\s@/]+@/im;

const KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|^PuTTY-User-Key-File-\d|^AGE-SECRET-KEY-1/m;
const PUBLIC = /-----BEGIN (?:[A-Z0-9]+ )*(?:CERTIFICATE|PUBLIC KEY|PUBLIC KEY BLOCK|CRL|PARAMETERS)-----/;
/** A token itself, not the name of a variable with it. */
const NPM_TOKEN = /(?:_authToken|_auth|_password|npmAuthToken|npmAuthIdent)["']?\s*[=:]\s*["']?[^\s"'$]/;
const SERVICE_ACCOUNT = /"type"\s*:\s*"(?:service_account|authorized_user)"/;
const CLOUD = /^\s*aws_secret_access_key\s*=\s*\S/im;
const KUBE = /^\s*(?:client-key-data|token):\s*\S/m;
const SOURCE =
  /\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|kts?|swift|scala|[ch]|cc|[ch]pp|cs|php|pl|lua|exs?|erl|hs|clj|sh|bash|ps1|mdx?|rst|adoc|html|vue|svelte|snap|sql|dart)$/;

/**
 * Return whether a file has secrets, by its name or its first bytes. Text inside a source that looks like a token does not count,
 * because tests and docs have such text. Pure.
 */
export function holdsSecret(path: string, head: Buffer): boolean {
  const lower = path.toLowerCase();
  const name = lower.slice(lower.lastIndexOf("/") + 1);
  const text = head.toString("latin1");
  if (text.trimStart().search(KEY) === 0) return true;
  if (SOURCE.test(name)) return false;
  if (KEY.test(text)) return true;
  if (TEMPLATE.test(name)) return false;
  if (LOCAL_ENV.test(name) || FOLDERS.test(lower)) return true;
  if (OTHER_ENV.test(name)) return SECRET_VALUE.test(text);
  if (name === ".npmrc" || name.startsWith(".yarnrc")) return NPM_TOKEN.test(text);
  if (ENDS.test(name)) return !PUBLIC.test(text);
  if (NAMES.test(name)) return !text.includes("{{"); // The template of a chart has no values.
  return hasCredentials(text);
}

function hasCredentials(text: string): boolean {
  const account = SERVICE_ACCOUNT.test(text) && /"(?:private_key|refresh_token)"/.test(text);
  return account || CLOUD.test(text) || (/^kind:\s*Config\b/m.test(text) && KUBE.test(text));
}
