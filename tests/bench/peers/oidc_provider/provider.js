// npm's oidc-provider with one confidential client, which gets RS256 access tokens by client credentials, and trades
// authorization codes in. All is in memory. `/codes?count=` makes as many codes, each with a grant of its own, as a
// person's sign-in and consent would.

import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js'

const { BENCH_PORT, BENCH_CLIENT, BENCH_SECRET, BENCH_AUDIENCE, BENCH_SCOPE } = process.env
const { BENCH_REDIRECT_URI: redirectUri, BENCH_CHALLENGE: codeChallenge } = process.env
const OPENID = 'openid offline_access'
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
// Its own adapter, which would forget all but a thousand entries of its own store.
const store = new Map()

const provider = new Provider(`http://127.0.0.1:${BENCH_PORT}`, {
  adapter: (model) => new MemoryAdapter(model, store),
  clients: [
    {
      client_id: BENCH_CLIENT,
      client_secret: BENCH_SECRET,
      grant_types: redirectUri ? ['authorization_code', 'refresh_token'] : ['client_credentials'],
      redirect_uris: redirectUri ? [redirectUri] : [],
      response_types: redirectUri ? ['code'] : [],
      token_endpoint_auth_method: 'client_secret_post'
    }
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'bench', use: 'sig', alg: 'RS256' }] },
  findAccount: (context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => BENCH_AUDIENCE,
      getResourceServerInfo: () => ({
        scope: BENCH_SCOPE,
        audience: BENCH_AUDIENCE,
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } }
      })
    }
  }
})

async function makeCode(client, number) {
  const accountId = `person${number}`
  const grant = new provider.Grant({ accountId, clientId: client.clientId })
  grant.addOIDCScope(OPENID)
  grant.addResourceScope(BENCH_AUDIENCE, BENCH_SCOPE)
  const code = new provider.AuthorizationCode({
    accountId,
    acr: 'pwd',
    amr: ['pwd'],
    authTime: Math.floor(Date.now() / 1000),
    client,
    codeChallenge,
    codeChallengeMethod: 'S256',
    grantId: await grant.save(),
    nonce: `nonce-of-a-sign-in-${number}`,
    redirectUri,
    resource: BENCH_AUDIENCE,
    scope: `${OPENID} ${BENCH_SCOPE}`
  })
  return await code.save()
}

async function makeCodes(count) {
  const client = await provider.Client.find(BENCH_CLIENT)
  return await Promise.all(Array.from({ length: count }, (_, number) => makeCode(client, number)))
}

const answer = provider.callback()
createServer(async (request, response) => {
  const url = new URL(request.url, provider.issuer)
  if (url.pathname === '/readyz') {
    response.end()
  } else if (url.pathname === '/codes') {
    response.end(JSON.stringify(await makeCodes(Number(url.searchParams.get('count')))))
  } else {
    answer(request, response)
  }
}).listen(Number(BENCH_PORT), '127.0.0.1')
