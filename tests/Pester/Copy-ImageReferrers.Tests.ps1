BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'Artifacts.ps1')
    function New-Layout { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }
    function Add-ToList([string] $Repository, [hashtable] $Subject, [hashtable[]] $Entries) {
        $null = Push-Document $Repository ([ordered]@{ schemaVersion = 2; mediaType = $indexType; manifests = $Entries }) ($Subject.digest -replace ':', '-')
    }
}

Describe 'Copy-Image -IncludeReferrers' {
    BeforeAll {
        if ($World['Registry']) {
            $repository = New-Repository
            $image = "$($World.Registry)/$repository"
            $subject = Push-Image $repository
            $child = (Get-PeerRaw "docker://${image}:1.0").manifests[0]
            $signature = Push-Artifact $repository application/vnd.example.signature $subject -Annotations @{ note = "b`u{e9}" }
            $sbom = Push-Artifact $repository application/spdx+json $subject
            $second = Push-Artifact $repository application/vnd.example.signature $sbom
            $ofChild = Push-Artifact $repository application/vnd.example.child $child
            Add-ToList $repository $subject $signature, $sbom
            Add-ToList $repository $sbom $second
            Add-ToList $repository $child $ofChild
            $cosign = Push-Artifact $repository application/vnd.example.cosign $null "$($subject.digest -replace ':', '-').sig"
            $all = $signature.digest, $sbom.digest, $second.digest, $ofChild.digest, $cosign.digest
        }
    }

    It 'takes along signatures, SBOMs, what is attached to those and to the platforms, into <Kind> and on into a registry' -ForEach @(
        @{ Kind = 'a layout'; Text = 'oci:{0}:app' }, @{ Kind = 'an archive'; Text = 'oci-archive:{0}.tar:app' }
    ) {
        Skip-Without Registry
        $layout = New-Layout
        $place = $Text -f $layout
        $result = Copy-Image "${image}:1.0" $place -IncludeReferrers
        $result.Referrers | Should -Be 5
        (Test-Image $place).Passed | Should -BeTrue
        if ($Kind -eq 'an archive') { $null = New-Item -ItemType Directory $layout; tar -C $layout -xf "$layout.tar" }
        # each has an entry, so that nobody takes it for an orphan
        $entries = (Get-Content -Raw "$layout/index.json" | ConvertFrom-Json).manifests
        $entries.digest | Sort-Object | Should -BeExactly @($all + $subject.digest | Sort-Object)
        foreach ($digest in $entries.digest) { Get-FileSha256 "$layout/blobs/sha256/$($digest.Substring(7))" | Should -BeExactly $digest }
        (Get-ImageReferrer $place).Digest | Sort-Object | Should -BeExactly @($signature.digest, $sbom.digest, $cosign.digest | Sort-Object)

        $target = New-Repository
        $result = Copy-Image $place "$($World.Registry)/${target}:2" -IncludeReferrers
        $result.Referrers | Should -Be 5
        Get-PeerDigest "docker://$($World.Registry)/${target}:2" | Should -BeExactly $subject.digest
        Get-PeerReferrer $target $subject.digest | Sort-Object | Should -BeExactly @($signature.digest, $sbom.digest | Sort-Object)
        Get-PeerReferrer $target $sbom.digest | Should -BeExactly $second.digest
        Get-PeerReferrer $target $child.digest | Should -BeExactly $ofChild.digest
        Get-PeerDigest "docker://$($World.Registry)/${target}:$($subject.digest -replace ':', '-').sig" | Should -BeExactly $cosign.digest
        (Get-ImageReferrer "$($World.Registry)/${target}:2" *.signature).Annotations.note | Should -BeExactly "b`u{e9}"
    }
    It 'leaves the one image of a place without names what the place means' {
        Skip-Without Registry
        $layout = New-Layout
        foreach ($place in "oci:$layout", "oci-archive:$layout.tar") {
            (Copy-Image "${image}:1.0" $place -IncludeReferrers).Referrers | Should -Be 5
            (Get-ImageDigest $place).Digest | Should -BeExactly $subject.digest
            (Get-ImageReferrer $place).Count | Should -Be 3
        }
        $target = New-Repository
        (Copy-Image "oci:$layout" "$($World.Registry)/${target}:1" -IncludeReferrers).Referrers | Should -Be 5
        (Get-Item "$layout.tar" | Get-ImageDigest).Digest | Should -BeExactly $subject.digest
    }
    It 'leaves them where they are without it' {
        Skip-Without Registry
        $layout = New-Layout
        (Copy-Image "${image}:1.0" "oci:${layout}:app").Referrers | Should -BeNullOrEmpty
        Get-ImageReferrer "oci:${layout}:app" | Should -BeNullOrEmpty
    }
    It 'writes nothing twice, and what is missing' {
        Skip-Without Registry
        $target = New-Repository
        $name = "$($World.Registry)/${target}:1"
        $null = Copy-Image "${image}:1.0" $name
        $result = Copy-Image "${image}:1.0" $name -IncludeReferrers
        $result.Referrers | Should -Be 5
        Get-PeerReferrer $target $subject.digest | Sort-Object | Should -BeExactly @($signature.digest, $sbom.digest | Sort-Object)
        $said = Copy-Image "${image}:1.0" $name -IncludeReferrers -Verbose 4>&1
        @($said -match '^(PUT|POST|PATCH) ').Count | Should -Be 0
        $said[-1].Referrers | Should -Be 5
        # the artifact is there and its list does not name it: it is added
        Add-ToList $target $subject $sbom
        $null = Copy-Image "${image}:1.0" $name -IncludeReferrers
        Get-PeerReferrer $target $subject.digest | Sort-Object | Should -BeExactly @($signature.digest, $sbom.digest | Sort-Object)
    }
    It 'takes along what is attached to the one platform that is copied' {
        Skip-Without Registry
        $layout = New-Layout
        $platform = (Get-ImageDigest "${image}:1.0" -Detailed | Where-Object Digest -EQ $child.digest).Platform
        (Copy-Image "${image}:1.0" "oci:${layout}:app" -Platform $platform -IncludeReferrers).Referrers | Should -Be 1
        (Get-ImageReferrer "oci:${layout}:app").Digest | Should -BeExactly $ofChild.digest
    }
    It 'lists an artifact that is copied by itself among what refers to its subject' {
        Skip-Without Registry
        $target = New-Repository
        $names = 1..16 | ForEach-Object { "$image@$((Push-Artifact $repository "application/vnd.example.n$_" $subject).digest)" }
        $null = Copy-Image "${image}:1.0" "$($World.Registry)/${target}:1.0"
        $copied = $names | ForEach-Object { [pscustomobject]@{ Image = $_; Destination = "$($World.Registry)/${target}@$($_ -replace '.*@')" } } | Copy-Image -ThrottleLimit 16
        $copied.Count | Should -Be 16
        Get-PeerReferrer $target $subject.digest | Sort-Object | Should -BeExactly @($names -replace '.*@' | Sort-Object)
    }
    It 'takes a tag of cosign from another document only with -Force' {
        Skip-Without Registry
        $target = New-Repository
        $other = Push-Artifact $target application/vnd.example.other $null "$($subject.digest -replace ':', '-').sig"
        $name = "$($World.Registry)/${target}:1"
        Copy-Image "${image}:1.0" $name -IncludeReferrers -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'TagExists,OciTools.Commands.CopyImageCommand'
        Get-ImageDigest $name -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        Get-PeerDigest "docker://$($World.Registry)/${target}:$($subject.digest -replace ':', '-').sig" | Should -BeExactly $other.digest
        $null = Copy-Image "${image}:1.0" $name -IncludeReferrers -Force
        Get-PeerDigest "docker://$($World.Registry)/${target}:$($subject.digest -replace ':', '-').sig" | Should -BeExactly $cosign.digest
    }
    It 'says with -WhatIf how many there are, and writes nothing' {
        Skip-Without Registry
        $layout = New-Layout
        $said = Get-WhatIf "Copy-Image '${image}:1.0' 'oci:${layout}:x' -IncludeReferrers -WhatIf"
        @($said -match 'What if:').Count | Should -Be 1
        $said -join '' | Should -Match '3 manifests with 5 referrers, '
        $layout | Should -Not -Exist
    }
    It 'says that an engine keeps none' {
        Skip-Without Registry, Docker
        Copy-Image "${image}:1.0" 'docker-daemon:copied/refs:1' -IncludeReferrers -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'UnsupportedPlace,OciTools.Commands.CopyImageCommand'
    }
}
