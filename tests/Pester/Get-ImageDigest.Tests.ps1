BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $multi = @(Get-MultiPlace)
    $single = @(Get-SinglePlace)
}
BeforeAll { . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1') }

Describe 'Get-ImageDigest' {
    It 'gives the digest of the index in <Place>' -ForEach $multi {
        Skip-Without Registry, $Key
        $digest = @(Get-ImageDigest $Name)
        $digest.Count | Should -Be 1
        $digest.Digest | Should -BeExactly (Get-PeerDigest $Peer)
    }

    It 'gives index, platforms and image ids in <Place> with -Detailed' -ForEach $multi {
        Skip-Without Registry, $Key
        $digests = @(Get-ImageDigest $Name -Detailed)
        $index = Get-PeerRaw $Peer
        $digests.Digest | Should -Be (@(Get-PeerDigest $Peer) + $index.manifests.digest)
        $digests.Platform | Should -Be $null, 'linux/amd64', 'linux/arm64'
        $digests[1].ImageId | Should -BeExactly (Get-PeerChild $Peer amd64).config.digest
        $digests[2].ImageId | Should -BeExactly (Get-PeerChild $Peer arm64).config.digest
        $digests[1, 2].Size | Should -Be $index.manifests.size
    }

    It 'gives the digest of the image in <Place>' -ForEach $single {
        Skip-Without Registry, $Key
        (Get-ImageDigest $Name).Digest | Should -BeExactly (Get-PeerDigest $Peer)
        (Get-ImageDigest $Name -Detailed).ImageId | Should -BeExactly (Get-PeerRaw $Peer).config.digest
    }

    It 'gives an engine image its id and the registry digests that the engine claims' {
        Skip-Without App
        $digests = @(Get-ImageDigest "docker-daemon:$($World.Registry)/fixture/app:1.0")
        $claimed = @(docker image inspect -f '{{range .RepoDigests}}{{println .}}{{end}}' fixture/app:1.0 | Where-Object { $_ })
        $digests.Count | Should -Be $claimed.Count
        $digests.ImageId | Should -Be (@($World.AppId) * $claimed.Count)
        $digests.Digest | Should -Be @($claimed | ForEach-Object { $_.Split('@')[1] })
    }

    It 'gives the id of an image in Podman' {
        Skip-Without App, Podman
        $engine = @('podman') + $World.PodmanArguments
        $id = & $engine[0] @($engine | Select-Object -Skip 1) image inspect -f '{{.Id}}' fixture/app:1.0
        $env:DOCKER_HOST = $World.Podman
        try { $digests = @(Get-ImageDigest docker-daemon:localhost/fixture/app:1.0, "docker-daemon:$id" -ErrorAction SilentlyContinue -ErrorVariable failure) }
        finally { $env:DOCKER_HOST = $World.Docker }
        $failure | Should -BeNullOrEmpty
        $digests.ImageId | Sort-Object -Unique | Should -Be "sha256:$id"
    }

    It 'keeps the order of many names, and of the failures among them' {
        Skip-Without Registry
        $one = Get-PeerDigest "docker://$($World.Registry)/fixture/multi:1.0"
        $other = Get-PeerDigest "docker://$($World.Registry)/fixture/multi:list"
        $names = 1..60 | ForEach-Object { "$($World.Registry)/fixture/multi:" + ('1.0', 'list', 'none')[$_ % 3] }
        $expected = 1..60 | ForEach-Object { ($one, $other, $null)[$_ % 3] } | Where-Object { $_ }
        $digests = $names | Get-ImageDigest -ErrorAction SilentlyContinue -ErrorVariable failures
        $digests.Digest | Should -Be $expected
        $failures.Count | Should -Be 20
    }

    Context 'a registry with its own CA' {
        It 'refuses a certificate that nobody vouches for' {
            Skip-Without TlsRegistry
            Get-ImageDigest "$($World.TlsRegistry)/fixture/multi:1.0" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'CertificateRefused,OciTools.Commands.GetImageDigestCommand'
        }
        It 'takes it with -SkipCertificateCheck, and refuses it again without' {
            Skip-Without TlsRegistry
            $name = "$($World.TlsRegistry)/fixture/multi:1.0"
            (Get-ImageDigest $name -SkipCertificateCheck).Digest | Should -BeExactly (Get-PeerDigest "docker://$name")
            Get-ImageDigest $name -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'CertificateRefused,OciTools.Commands.GetImageDigestCommand'
        }
        It 'takes it with the CA in certs.d' {
            Skip-Without TlsRegistry
            $folder = Join-Path $env:HOME '.config' 'containers' 'certs.d' $World.TlsRegistry
            $null = New-Item -ItemType Directory $folder -Force
            Copy-Item $World.Tls.Ca (Join-Path $folder 'ca.crt')
            try {
                $name = "$($World.TlsRegistry)/fixture/multi:1.0"
                (Get-ImageDigest $name).Digest | Should -BeExactly (Get-PeerDigest "docker://$name")
            }
            finally { Remove-Item $folder -Recurse }
        }
    }

    Context 'a registry with basic authentication' {
        BeforeAll {
            function New-Credential([string] $Name, [string] $Password) { [pscredential]::new($Name, (ConvertTo-SecureString $Password -AsPlainText -Force)) }
            $password = $World.Password
        }
        It 'is not open to everyone' {
            Skip-Without BasicRegistry
            Get-ImageDigest "$($World.BasicRegistry)/fixture/multi:1.0" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'Unauthorized,OciTools.Commands.GetImageDigestCommand'
        }
        It 'refuses a wrong password' {
            Skip-Without BasicRegistry
            Get-ImageDigest "$($World.BasicRegistry)/fixture/multi:1.0" -Credential (New-Credential tester $World.WrongPassword) -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'Unauthorized,OciTools.Commands.GetImageDigestCommand'
        }
        It 'opens for -Credential' {
            Skip-Without BasicRegistry
            (Get-ImageDigest "$($World.BasicRegistry)/fixture/multi:1.0" -Credential (New-Credential tester $password)).Digest |
                Should -BeExactly (Get-PeerDigest "oci:$($World.Sample):1.0")
        }
        It 'opens for what a login has stored' {
            Skip-Without BasicRegistry
            $null = New-Item -ItemType Directory (Join-Path $env:HOME '.docker') -Force
            $file = Join-Path $env:HOME '.docker' 'config.json'
            $null = skopeo login --tls-verify=false --authfile $file -u tester -p $password $World.BasicRegistry
            try { (Get-ImageDigest "$($World.BasicRegistry)/fixture/multi:1.0").Digest | Should -BeExactly (Get-PeerDigest "oci:$($World.Sample):1.0") }
            finally { Remove-Item $file }
        }
        It 'does not send the credential of one registry to another' {
            Skip-Without BasicRegistry
            $names = "$($World.Registry)/fixture/multi:1.0", "$($World.BasicRegistry)/fixture/multi:1.0"
            $digests = @(Get-ImageDigest $names -Credential (New-Credential tester $password) -ErrorAction SilentlyContinue -ErrorVariable failure)
            $digests.Count | Should -Be 1
            $failure.FullyQualifiedErrorId | Should -BeExactly 'CredentialForOtherRegistry,OciTools.Commands.GetImageDigestCommand'
        }
    }

    Context 'a registry with token authentication' {
        BeforeAll { $account = [pscredential]::new('tester', (ConvertTo-SecureString $World.TokenPassword -AsPlainText -Force)) }
        It 'sends no credential to a token server elsewhere, and names it' {
            Skip-Without TokenRegistry
            Get-ImageDigest "$($World.TokenRegistry)/fixture/multi:1.0" -Credential $account -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'RealmNotTrusted,OciTools.Commands.GetImageDigestCommand'
            "$($failure[0].Exception.Message) $($failure[0].ErrorDetails.RecommendedAction)" | Should -Match '-TrustedRealm'
        }
        It 'opens where the user trusts the token server, with one token for many requests' {
            Skip-Without TokenRegistry
            $before = (Invoke-RestMethod "http://$($World.TokenRealm)/count").count
            $digests = 1..20 | ForEach-Object { "$($World.TokenRegistry)/fixture/multi:1.0" } | Get-ImageDigest -Credential $account -TrustedRealm $World.TokenRealm
            $digests.Digest | Sort-Object -Unique | Should -BeExactly (Get-PeerDigest "oci:$($World.Sample):1.0")
            $digests.Count | Should -Be 20
            (Invoke-RestMethod "http://$($World.TokenRealm)/count").count - $before | Should -BeLessOrEqual 1
        }
    }
}
