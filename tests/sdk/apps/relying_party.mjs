// A relying party made of openid-client: what it is told at discovery decides everything.
import * as client from "openid-client";
import { answerCalls } from "./answering.mjs";

const AUTHENTICATION = {
  none: () => client.None(),
  client_secret_basic: ({ clientSecret }) => client.ClientSecretBasic(clientSecret),
  client_secret_post: ({ clientSecret }) => client.ClientSecretPost(clientSecret),
  private_key_jwt: async ({ privateKey }) => client.PrivateKeyJwt(await signingKey(privateKey)),
};

function signingKey(pem) {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return crypto.subtle.importKey("pkcs8", der, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);
}

class RelyingParty {
  constructor(options) {
    this.options = options;
  }

  async discover() {
    const { clientId, method } = this.options;
    const authentication = await AUTHENTICATION[method](this.options);
    this.known ??= await client.discovery(new URL(process.env.ISSUER), clientId, undefined, authentication);
    return this.known;
  }

  async begin(parameters, pushed = false) {
    const known = await this.discover();
    this.verifier = client.randomPKCECodeVerifier();
    this.state = client.randomState();
    this.nonce = client.randomNonce();
    const asked = {
      redirect_uri: this.options.redirectUri,
      code_challenge: await client.calculatePKCECodeChallenge(this.verifier),
      code_challenge_method: "S256",
      state: this.state,
      nonce: this.nonce,
      ...parameters,
    };
    const url = pushed
      ? await client.buildAuthorizationUrlWithPAR(known, asked)
      : client.buildAuthorizationUrl(known, asked);
    return url.href;
  }

  // `form` is the body of a form_post answer.
  async finish(url, form, maxAge) {
    const answer = form === undefined || form === null ? new URL(url) : new Request(url, {
      method: "POST",
      body: form,
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    const tokens = await client.authorizationCodeGrant(await this.discover(), answer, {
      pkceCodeVerifier: this.verifier,
      expectedState: this.state,
      expectedNonce: this.nonce,
      idTokenExpected: true,
      maxAge: maxAge ?? undefined,
    });
    return { ...tokens, claims: tokens.claims() };
  }

  async refresh(token) {
    return client.refreshTokenGrant(await this.discover(), token);
  }

  async revoke(token) {
    return client.tokenRevocation(await this.discover(), token);
  }

  async userInfo(token, subject) {
    return client.fetchUserInfo(await this.discover(), token, subject);
  }

  async clientCredentials(parameters) {
    return client.clientCredentialsGrant(await this.discover(), parameters);
  }

  async metadata() {
    return (await this.discover()).serverMetadata();
  }

  async endSession(parameters) {
    return client.buildEndSessionUrl(await this.discover(), parameters).href;
  }
}

await answerCalls(
  (options) => new RelyingParty(options),
  (error) => (error.code ? { status: error.status, error: error.error, code: error.code } : undefined),
);
