// An independent OpenID provider, https://github.com/panva/node-oidc-provider, at the paths of the Microsoft
// identity platform. Says on its first line where it is; its arguments are the canary of the secrets, and a
// certificate of the app that has one.
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// It warns of what is fit for a test only.
console.info = console.warn = () => {};

const [canary, pem] = process.argv.slice(2);
const tenant = 'contoso.example';
const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const root = `http://127.0.0.1:${server.address().port}`;

const permissions = ['.default', 'User.Read', 'Mail.Send'].map((name) => `${root}/${name}`);
const scopes = ['openid', 'profile', 'offline_access', ...permissions];
const scope = scopes.join(' ');
const certificate = new X509Certificate(pem).publicKey.export({ format: 'jwk' });
const daemon = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: permissions.join(' ') };

const provider = new Provider(`${root}/${tenant}`, {
  clients: [
    { ...daemon, client_id: 'secret', client_secret: `${canary}-secret`, token_endpoint_auth_method: 'client_secret_post' },
    {
      ...daemon,
      client_id: 'certificate',
      jwks: { keys: [{ ...certificate, alg: 'PS256', use: 'sig' }] },
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
    },
    {
      client_id: 'tool',
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: ['http://localhost'],
      scope,
      token_endpoint_auth_method: 'none',
    },
  ],
  // As at Microsoft's platform, the id token has the name of the user.
  claims: { openid: ['sub'], profile: ['preferred_username'] },
  conformIdTokenClaims: false,
  findAccount: async (_, sub) => ({
    accountId: sub,
    claims: async () => ({ sub, preferred_username: `${sub}@contoso.example` }),
  }),
  clientAuthMethods: ['client_secret_post', 'private_key_jwt', 'none'],
  features: { clientCredentials: { enabled: true }, deviceFlow: { enabled: true }, introspection: { enabled: true } },
  routes: {
    authorization: '/oauth2/v2.0/authorize',
    code_verification: '/devicelogin',
    device_authorization: '/oauth2/v2.0/devicecode',
    token: '/oauth2/v2.0/token',
  },
  scopes,
});

for (const [name, told] of [['grant.error', console.error], ['server_error', console.error], ['authorization.error', console.error], ['device_authorization.error', console.error]]) {
  provider.on(name, (_, error) => told(name, error.message, error.error_description, error.scope));
}

// What Graph would answer: the scopes of the token, if the provider knows it.
const me = async (request, response) => {
  const token = (request.headers.authorization ?? '').replace('Bearer ', '');
  const known = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
  response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify(known ? { scope: known.scope, user: known.accountId ?? null } : { error: { code: 'InvalidAuthenticationToken' } }));
};

const callback = provider.callback();
server.on('request', (request, response) => {
  if (request.url.startsWith('/v1.0/')) {
    me(request, response);
    return;
  }
  if (request.url.startsWith(`/${tenant}/oauth2/v2.0/authorize?`)) {
    // After OpenID Connect Core section 11, a sign-in lasts only if consent is asked for; at Microsoft's platform
    // it does whenever `offline_access` is in the scope.
    request.url += '&prompt=consent';
  }
  request.originalUrl = request.url;
  request.url = request.url.replace(`/${tenant}`, '');
  callback(request, response);
});
console.log(root);
