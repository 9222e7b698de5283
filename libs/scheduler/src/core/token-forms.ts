/** Secrets of a known form, whatever their name. No expression backtracks over what it has matched. */
const FORMS = [
  // A private key in PEM, also truncated.
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/,
  // JSON Web Tokens, signed and encrypted.
  /(?<![\w-])eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*){0,3}/,
  // GitHub, GitLab, Slack, Stripe, AWS, Google, npm, SendGrid, OpenAI and Anthropic, Hugging Face, Shopify, DigitalOcean, Twilio.
  /(?<![A-Za-z0-9])(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|[sr]k_(?:live|test)_\w{8,}|whsec_\w{16,}|npm_\w{20,}|hf_\w{20,}|shp(?:at|ca|pa|ss)_\w{16,}|do[opr]_v1_\w{16,})/,
  /(?<![A-Za-z0-9])(?:(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}|SK[0-9a-f]{32})(?![A-Za-z0-9])/,
  /(?<![\w-])(?:glpat-[\w-]{16,}|xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}|AIza[\w-]{30,}|ya29\.[\w-]{16,}|sk-[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|pypi-[\w-]{16,})/,
];
const ANY = new RegExp(FORMS.map(({ source }) => source).join('|'), 'g');
/** A fast check: most texts contain none. */
const BEGIN = /-----B|eyJ|gh[pousr]_|_pat_|_live_|_test_|whsec_|npm_|hf_|shp|_v1_|A[KSBC][IC]A|SK|-|AIza|ya29|SG\./;

/** Replaces tokens of a known form in a text. */
export function withoutTokens(text: string, replacement: string): string {
  return BEGIN.test(text) ? text.replace(ANY, replacement) : text;
}
