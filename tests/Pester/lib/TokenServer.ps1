#Requires -Version 7.6
<#
.SYNOPSIS
    A token server for one registry (distribution's token authentication): RS256, one account, GET and POST.
.DESCRIPTION
    Runs until its job is stopped. /count tells how many tokens were given out.
#>
param([string] $Address, [string] $CertificateFile, [string] $KeyFile, [string] $Password)

$ErrorActionPreference = 'Stop'
$certificate = [Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPemFile($CertificateFile, $KeyFile)
$key = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($certificate)
$given = 0

function ConvertTo-Base64Url([byte[]] $Bytes) { [Convert]::ToBase64String($Bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_') }

function New-Token([string] $Service, [string[]] $Scopes) {
    $access = foreach ($scope in $Scopes) {
        if ($scope -match '^(?<type>[^:]+):(?<name>.+):(?<actions>[^:]+)$') { @{ type = $Matches.type; name = $Matches.name; actions = @($Matches.actions -split ',') } }
    }
    $now = [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    $header = @{ typ = 'JWT'; alg = 'RS256'; x5c = @([Convert]::ToBase64String($certificate.RawData)) }
    $claims = @{ iss = 'fixture'; sub = 'tester'; aud = $Service; iat = $now; nbf = $now - 10; exp = $now + 300; jti = [guid]::NewGuid().ToString('n'); access = @($access) }
    $text = ($header, $claims | ForEach-Object { ConvertTo-Base64Url ([Text.Encoding]::UTF8.GetBytes(($_ | ConvertTo-Json -Depth 5 -Compress))) }) -join '.'
    $signature = $key.SignData([Text.Encoding]::ASCII.GetBytes($text), [Security.Cryptography.HashAlgorithmName]::SHA256, [Security.Cryptography.RSASignaturePadding]::Pkcs1)
    "$text.$(ConvertTo-Base64Url $signature)"
}

$listener = [Net.HttpListener]::new()
$listener.Prefixes.Add("http://$Address/")
$listener.Start()
try {
    while ($true) {
        $waiting = $listener.GetContextAsync()
        while (-not $waiting.Wait(200)) { }
        $context = $waiting.Result
        $request = $context.Request
        $fields = [Web.HttpUtility]::ParseQueryString($request.HttpMethod -eq 'POST' ? [IO.StreamReader]::new($request.InputStream).ReadToEnd() : $request.Url.Query)
        $basic = 'Basic ' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("tester:$Password"))
        $isKnown = $request.Headers['Authorization'] -ceq $basic -or ($fields['username'] -ceq 'tester' -and $fields['password'] -ceq $Password)
        $answer = if ($request.Url.AbsolutePath -eq '/count') { @{ count = $given } }
        elseif ($isKnown) { $given++; @{ token = New-Token $fields['service'] ($fields.GetValues('scope') -split ' '); expires_in = 300 } }
        else { $context.Response.StatusCode = 401; @{ errors = @(@{ code = 'UNAUTHORIZED'; message = 'unknown account' }) } }
        $bytes = [Text.Encoding]::UTF8.GetBytes(($answer | ConvertTo-Json -Depth 4 -Compress))
        $context.Response.ContentType = 'application/json'
        $context.Response.OutputStream.Write($bytes)
        $context.Response.Close()
    }
}
finally { $listener.Close() }
