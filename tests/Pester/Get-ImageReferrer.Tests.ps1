BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'Artifacts.ps1')
}

Describe 'Get-ImageReferrer' {
    BeforeAll {
        if ($World['Registry']) {
            $repository = New-Repository
            $image = "$($World.Registry)/$repository"
            $subject = Push-Image $repository
            $tag = $subject.digest -replace ':', '-'
            $signature = Push-Artifact $repository application/vnd.example.signature $subject -Annotations @{ 'org.opencontainers.image.created' = '2026-03-04T05:06:07Z'; note = "b`u{e9}" }
            $sbom = Push-Artifact $repository application/spdx+json $subject
            $stranger = Push-Artifact $repository application/vnd.example.other @{ mediaType = $manifestType; digest = 'sha256:' + 'a' * 64; size = 7 }
            $null = Push-Document $repository ([ordered]@{ schemaVersion = 2; mediaType = $indexType; manifests = @($signature, $stranger, $sbom) }) $tag
            $cosign = Push-Artifact $repository application/vnd.example.cosign $null "$tag.sig"
        }
    }

    It 'finds what the fallback tag of a registry lists and what cosign has tagged, each with its source' {
        Skip-Without Registry
        $found = @(Get-ImageReferrer "${image}:1.0" -WarningVariable warned -WarningAction SilentlyContinue)
        $found.Digest | Should -BeExactly $signature.digest, $sbom.digest, $cosign.digest
        $found.Source | Should -Be 'FallbackTag', 'FallbackTag', 'CosignTag'
        $found.ArtifactType | Should -BeExactly 'application/vnd.example.signature', 'application/spdx+json', 'application/vnd.example.cosign'
        $found.Subject | Should -BeExactly (@($subject.digest) * 3)
        $found.Image | Should -BeExactly @($found.Digest | ForEach-Object { "$image@$_" })
        $found.Size | Should -Be $signature.size, $sbom.size, $cosign.size
        $found[0].Created | Should -Be ([datetime]'2026-03-04T05:06:07Z').ToLocalTime()
        $found[1].Created | Should -BeNullOrEmpty
        $found[0].Annotations.note | Should -BeExactly "b`u{e9}"
        "$warned" | Should -Match ([regex]::Escape($stranger.digest)) -Because 'what refers to another image is left out, and said so'
    }
    It 'says with -Verbose that the registry offers no list' {
        Skip-Without Registry
        $said = Get-ImageReferrer "${image}:1.0" -Verbose -WarningAction SilentlyContinue 4>&1
        @($said -match 'not offered by .*404').Count | Should -Be 1
    }
    It 'selects by type, with wildcards, in any case' {
        Skip-Without Registry
        (Get-ImageReferrer "${image}:1.0" *SPDX* -WarningAction SilentlyContinue).Digest | Should -BeExactly $sbom.digest
        (Get-ImageReferrer "${image}:1.0" application/spdx+json, *cosign -WarningAction SilentlyContinue).Digest | Should -BeExactly $sbom.digest, $cosign.digest
        (Get-ImageReferrer "${image}:1.0" application/spdx+json -WarningAction SilentlyContinue).Digest | Should -BeExactly $sbom.digest
        Get-ImageReferrer "${image}:1.0" nothing -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        { Get-ImageReferrer "${image}:1.0" 'a[' } | Should -Throw -ErrorId 'InvalidImageName,OciTools.Commands.GetImageReferrerCommand'
    }
    It 'goes on into other cmdlets, and to what refers to a referrer' {
        Skip-Without Registry
        $second = Push-Artifact $repository application/vnd.example.second $sbom
        $null = Push-Document $repository ([ordered]@{ schemaVersion = 2; mediaType = $indexType; manifests = @($second) }) ($sbom.digest -replace ':', '-')
        $found = Get-ImageReferrer "${image}:1.0" *spdx* -WarningAction SilentlyContinue
        "$found" | Should -BeExactly $found.Image
        (Get-ImageManifest $found).Subject.Digest | Should -BeExactly $subject.digest
        ($found | Get-ImageDigest).Digest | Should -BeExactly $sbom.digest
        ($found | Get-ImageReferrer).Digest | Should -BeExactly $second.digest
    }
    It 'gives nothing for an image that nothing refers to, and for one of its platforms' {
        Skip-Without Registry
        Get-ImageReferrer "${image}:1.0" -Platform linux/arm64 -WarningVariable warned | Should -BeNullOrEmpty
        $warned | Should -BeNullOrEmpty
    }
    It 'finds the attestations in an index, of each image or of one' {
        Skip-Without Registry
        $children = (Get-PeerRaw "docker://${image}:1.0").manifests
        $attestations = foreach ($child in $children) {
            $empty = Push-Blob $repository ([Text.Encoding]::UTF8.GetBytes('{}'))
            $layer = $empty.Clone(); $layer.mediaType = 'application/vnd.in-toto+json'
            $config = $empty.Clone(); $config.mediaType = 'application/vnd.oci.image.config.v1+json'
            $entry = Push-Document $repository ([ordered]@{ schemaVersion = 2; mediaType = $manifestType; config = $config; layers = @($layer); annotations = @{ of = $child.digest } })
            $entry + @{ platform = @{ os = 'unknown'; architecture = 'unknown' }; annotations = @{ 'vnd.docker.reference.type' = 'attestation-manifest'; 'vnd.docker.reference.digest' = $child.digest } }
        }
        $null = Push-Document $repository ([ordered]@{ schemaVersion = 2; mediaType = $indexType; manifests = @($children) + $attestations }) attested
        $found = @(Get-ImageReferrer "${image}:attested")
        $found.Digest | Should -BeExactly @($attestations.digest)
        $found.Subject | Should -BeExactly @($children.digest)
        $found.Source | Should -Be (@('Index') * $children.Count)
        $found.ArtifactType | Should -BeExactly (@('application/vnd.in-toto+json') * $children.Count)
        (Get-ImageReferrer "${image}:attested" -Platform linux/arm64).Subject | Should -BeExactly (Get-ImageDigest "${image}:1.0" -Platform linux/arm64).Digest
    }
    It 'finds what refers to an image that is not there yet' {
        Skip-Without Registry
        $absent = @{ mediaType = $manifestType; digest = 'sha256:' + 'b' * 64; size = 9 }
        $early = Push-Artifact $repository application/vnd.example.early $absent
        $null = Push-Document $repository ([ordered]@{ schemaVersion = 2; mediaType = $indexType; manifests = @($early) }) ($absent.digest -replace ':', '-')
        (Get-ImageReferrer "$image@$($absent.digest)").Digest | Should -BeExactly $early.digest
        foreach ($name in "${image}:none", "$image@sha256:$('c' * 64)") {
            Get-ImageReferrer $name -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'ImageNotFound,OciTools.Commands.GetImageReferrerCommand'
        }
    }
    It 'finds in a layout what refers to an image of it' {
        $layout = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
        Copy-Item -Recurse $World.Sample $layout
        $top = Get-PeerDigest "oci:${layout}:1.0"
        function Add-Blob([byte[]] $Bytes) { $digest = Get-Sha $Bytes; [IO.File]::WriteAllBytes("$layout/blobs/sha256/$($digest.Substring(7))", $Bytes); $digest }
        $empty = @{ mediaType = 'application/vnd.oci.empty.v1+json'; digest = Add-Blob ([Text.Encoding]::UTF8.GetBytes('{}')); size = 2 }
        $bytes = [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json -Depth 9 ([ordered]@{ schemaVersion = 2; mediaType = $manifestType; artifactType = 'application/spdx+json'; config = $empty; layers = @($empty); subject = @{ mediaType = $indexType; digest = $top; size = 1 } })))
        $digest = Add-Blob $bytes
        $index = Get-Content -Raw "$layout/index.json" | ConvertFrom-Json -AsHashtable
        $index.manifests += @{ mediaType = $manifestType; digest = $digest; size = $bytes.Length }
        ConvertTo-Json $index -Depth 9 | Set-Content "$layout/index.json"
        $found = Get-ImageReferrer "oci:${layout}:1.0"
        $found.Digest | Should -BeExactly $digest
        $found.Source | Should -Be 'Layout'
        $found.Image | Should -BeExactly "oci:$layout@$digest"
        $found.Subject | Should -BeExactly $top
        tar -C $layout -cf "$layout.tar" .
        (Get-ImageReferrer "oci-archive:$layout.tar:1.0").Digest | Should -BeExactly $digest
    }
    It 'says that <Kind> keeps no referrers' -ForEach @{ Kind = 'an engine'; Key = 'App'; Text = 'docker-daemon:{0}' }, @{ Kind = 'a docker-save archive'; Key = 'SaveArchive'; Text = 'docker-archive:{0}' } {
        Skip-Without $Key
        Get-ImageReferrer ($Text -f $World[$Key]) -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'UnsupportedPlace,OciTools.Commands.GetImageReferrerCommand'
    }
    It 'is a table by itself: a line for each, at most 100 wide, without control characters' {
        Skip-Without Registry
        $PSStyle.OutputRendering = 'PlainText'
        $lines = (Get-ImageReferrer "${image}:1.0" -WarningAction SilentlyContinue | Out-String -Width 100) -split '\r?\n' | Where-Object { $_ }
        $lines.Count | Should -Be 5
        $lines | Where-Object { $_.Length -gt 100 -or $_ -match '[\x00-\x1f\x7f]' } | Should -BeNullOrEmpty
    }
}
