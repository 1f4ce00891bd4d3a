# The two sides of a copy: accounts, TLS, and what is left alone where it exists.
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function New-Account([string] $Name, [string] $Secret) { [pscredential]::new($Name, (ConvertTo-SecureString $Secret -AsPlainText -Force)) }
    $basic = New-Account tester $World.Password
    $token = New-Account tester $World.TokenPassword
    $random = [guid]::NewGuid().ToString('n')
}

Describe 'The sides of Copy-Image' {
    It 'copies between two registries, each with its own account and token server' {
        Skip-Without BasicRegistry, TokenRegistry
        $name = "$($World.TokenRegistry)/sides/${random}:1.0"
        $source = "$($World.BasicRegistry)/fixture/multi:1.0"
        Copy-Image $source $name -SourceCredential $basic -DestinationCredential $token -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'RealmNotTrusted,OciTools.Commands.CopyImageCommand'
        $copied = Copy-Image $source $name -SourceCredential $basic -DestinationCredential $token -DestinationTrustedRealm $World.TokenRealm
        $copied.DestinationDigest | Should -BeExactly (Get-PeerDigest "oci:$($World.Sample):1.0")
        (Get-ImageDigest $name -Credential $token -TrustedRealm $World.TokenRealm).Digest | Should -BeExactly $copied.DestinationDigest
    }
    It 'keeps the accounts of two sides of one registry apart' {
        Skip-Without BasicRegistry
        $source = "$($World.BasicRegistry)/fixture/multi:1.0"
        Copy-Image $source "$($World.BasicRegistry)/sides/${random}:1.0" -SourceCredential $basic -DestinationCredential (New-Account tester $World.WrongPassword) -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'Unauthorized,OciTools.Commands.CopyImageCommand'
        Copy-Image $source "$($World.BasicRegistry)/sides/${random}:1.0" -SourceCredential (New-Account tester $World.WrongPassword) -DestinationCredential $basic -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'Unauthorized,OciTools.Commands.CopyImageCommand'
        $copied = Copy-Image $source "$($World.BasicRegistry)/sides/${random}:1.0" -SourceCredential $basic -DestinationCredential $basic
        $copied.BytesReused | Should -BeGreaterThan 0 -Because 'blobs are mounted within one registry'
        # one account is for the registry of the image, however the sides are reached and whatever is looked at first
        foreach ($side in @{}, @{ DestinationPlainHttp = $true }, @{ NoClobber = $true }) {
            Copy-Image $source "$($World.Registry)/sides/${random}:1.0" -Credential $basic @side -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'CredentialForOtherRegistry,OciTools.Commands.CopyImageCommand'
            $failure.Exception.Message | Should -Match "is for $([regex]::Escape($World.BasicRegistry))\.$"
        }
    }
    It 'skips the check of a certificate on one side only' {
        Skip-Without Registry, TlsRegistry
        $name = "$($World.TlsRegistry)/sides/${random}:1.0"
        $source = "$($World.Registry)/fixture/multi:1.0"
        Copy-Image $source $name -SourceSkipCertificateCheck -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'CertificateRefused,OciTools.Commands.CopyImageCommand'
        (Copy-Image $source $name -DestinationSkipCertificateCheck).Destination | Should -BeExactly $name
        (Copy-Image $name "oci:$(Join-Path $TestDrive 'pulled'):x" -SourceSkipCertificateCheck).SourceDigest | Should -BeExactly (Get-PeerDigest "oci:$($World.Sample):1.0")
    }
    It 'shows no secret while it says how far it is' {
        . (Join-Path $PSScriptRoot 'lib' 'AnsweringHost.ps1')
        . (Join-Path $PSScriptRoot 'lib' 'Start-Servers.ps1')
        # a registry with a password whose blobs come in two parts, with a pause between them
        $address = "127.0.0.1:$(Get-FreePort)"
        $server = Start-ThreadJob -ArgumentList $address, $World.Sample, "tester:$($World.Password)" {
            param($address, $layout, $account)
            $basic = 'Basic ' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($account))
            $entry = (Get-Content -Raw "$layout/index.json" | ConvertFrom-Json).manifests[0]
            $listener = [Net.HttpListener]::new()
            $listener.Prefixes.Add("http://$address/")
            $listener.Start()
            try {
                while ($true) {
                    $waiting = $listener.GetContextAsync()
                    while (-not $waiting.Wait(200)) { }
                    $request, $response = $waiting.Result.Request, $waiting.Result.Response
                    $file = "$layout/blobs/sha256/$($request.Url.AbsolutePath -replace '.*[/:]' -replace '^1$', $entry.digest.Substring(7))"
                    if ($request.Headers['Authorization'] -cne $basic) { $response.StatusCode = 401; $response.AddHeader('WWW-Authenticate', 'Basic realm="slow"') }
                    elseif (Test-Path $file -PathType Leaf) {
                        $bytes = [IO.File]::ReadAllBytes($file)
                        if ($request.Url.AbsolutePath -match '/manifests/') { $response.ContentType = $request.Url.AbsolutePath -match '/1$' ? $entry.mediaType : 'application/vnd.oci.image.manifest.v1+json' }
                        $response.ContentLength64 = $bytes.Length
                        if ($request.HttpMethod -eq 'GET') {
                            $half = $bytes.Length -shr 1
                            $response.OutputStream.Write($bytes, 0, $half)
                            $response.OutputStream.Flush()
                            if ($request.Url.AbsolutePath -match '/blobs/') { Start-Sleep -Milliseconds 350 }
                            $response.OutputStream.Write($bytes, $half, $bytes.Length - $half)
                        }
                    }
                    elseif ($request.Url.AbsolutePath -ne '/v2/') { $response.StatusCode = 404 }
                    $response.Close()
                }
            }
            finally { $listener.Close() }
        }
        try {
            Wait-Server 'slow' $null { (Invoke-WebRequest "http://$address/v2/" -NoProxy -SkipHttpErrorCheck).StatusCode -eq 401 } | Should -BeTrue
            $script = "Copy-Image '$address/app:1' 'oci:$(Join-Path $TestDrive 'slow'):x' -SourceCredential ([pscredential]::new('tester', (ConvertTo-SecureString '$($World.Password)' -AsPlainText -Force)))"
            $said = Invoke-Answering N $script
            $said.Errors | Should -BeNullOrEmpty
            @($said.Progress -match "^Copying $address/app").Count | Should -BeGreaterThan 1
            [IO.File]::WriteAllLines((Join-Path $World.Said 'Progress'), [string[]] $said.Progress)
            "$($said.Progress)" | Should -Not -Match 'CANARY'
        }
        finally {
            $answering.Dispose()
            $server | Stop-Job -PassThru | Remove-Job -Force
        }
    }
    It 'refuses what is said twice' {
        $image = "oci:$($World.Sample):1.0"
        $name = "oci:$(Join-Path $TestDrive 'twice'):x"
        foreach ($said in @{ Credential = $basic; SourceCredential = $basic }, @{ Credential = $basic; DestinationCredential = $basic }, @{ PlainHttp = $true; SourcePlainHttp = $false },
            @{ SkipCertificateCheck = $true; DestinationSkipCertificateCheck = $false }, @{ Force = $true; NoClobber = $true }) {
            { Copy-Image $image $name @said -ErrorAction Stop } | Should -Throw -ErrorId 'ParameterConflict,OciTools.Commands.CopyImageCommand'
        }
        Join-Path $TestDrive 'twice' | Should -Not -Exist
    }
    It 'leaves a name alone that exists, with -NoClobber, in <Kind>' -ForEach @{ Kind = 'a layout' }, @{ Kind = 'a registry' } {
        Skip-Without Registry
        $place = $Kind -eq 'a layout' ? "oci:$(Join-Path $TestDrive 'kept')" : "$($World.Registry)/sides/kept$random"
        $image = "oci:$($World.Sample):1.0"
        $first = Copy-Image $image "${place}:a" -Platform linux/arm64 -NoClobber
        $first.DestinationDigest | Should -Not -BeNullOrEmpty -Because 'nothing was there'
        $said = Copy-Image $image "${place}:a" -NoClobber -Verbose -ErrorAction Stop 4>&1
        @($said | Where-Object { $_ -isnot [Management.Automation.VerboseRecord] }) | Should -BeNullOrEmpty
        "$said" | Should -Match 'exists, and is left alone'
        (Get-ImageDigest "${place}:a").Digest | Should -BeExactly $first.DestinationDigest
    }
}
