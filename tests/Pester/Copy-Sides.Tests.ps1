# The two sides of a copy: accounts, TLS, and what is left alone where it exists.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Peers.ps1')
    function New-Account([string] $Name, [string] $Secret) { [pscredential]::new($Name, (ConvertTo-SecureString $Secret -AsPlainText -Force)) }
    $basic = New-Account tester 's3cret:with/odd characters'
    $token = New-Account tester 't0ken'
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
        Copy-Image $source "$($World.BasicRegistry)/sides/${random}:1.0" -SourceCredential $basic -DestinationCredential (New-Account tester wrong) -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'Unauthorized,OciTools.Commands.CopyImageCommand'
        Copy-Image $source "$($World.BasicRegistry)/sides/${random}:1.0" -SourceCredential (New-Account tester wrong) -DestinationCredential $basic -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'Unauthorized,OciTools.Commands.CopyImageCommand'
        $copied = Copy-Image $source "$($World.BasicRegistry)/sides/${random}:1.0" -SourceCredential $basic -DestinationCredential $basic
        $copied.BytesReused | Should -BeGreaterThan 0 -Because 'blobs are mounted within one registry'
        Copy-Image $source "$($World.Registry)/sides/${random}:1.0" -Credential $basic -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'CredentialForOtherRegistry,OciTools.Commands.CopyImageCommand'
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
