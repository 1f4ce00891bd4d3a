BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'Artifacts.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'AnsweringHost.ps1')
    function Get-PeerTag([string] $Repository) { @((skopeo list-tags --tls-verify=false "docker://$($World.Registry)/$Repository" | ConvertFrom-Json).Tags | Sort-Object) }
}

Describe 'Remove-Image of what refers to an image, in a registry without a list of referrers' {
    AfterAll { $answering.Dispose() }
    It 'takes it off the tag that is the list, says so with -WhatIf, and leaves the rest of the list alone' {
        Skip-Without Registry
        $repository = New-Repository
        $place = "$($World.Registry)/$repository"
        $subject = Push-Image $repository
        $tag = $subject.digest -replace ':', '-'
        $entries = @(1..4 | ForEach-Object { Push-Artifact $repository "application/vnd.example.n$_" $subject })
        $entries[1].annotations = @{ note = "caf`u{e9}" }
        $null = Push-Document $repository ([ordered]@{ schemaVersion = 2; mediaType = $indexType; manifests = $entries; 'x-own' = @(1) }) $tag

        $said = (Invoke-Answering N "Remove-Image '$place@$($entries[0].digest)' -WhatIf").Lines
        $said | Should -HaveCount 1
        $said | Should -Match "$($entries[0].digest), and its entry in $tag, the list"
        (Get-PeerReferrer $repository $subject.digest).Count | Should -Be 4

        # its place on that list is no loss, so nobody is asked
        $gone = Remove-Image "$place@$($entries[0].digest)", "$place@$($entries[2].digest)" -Confirm:$false -ErrorAction Stop
        $gone.IsGone | Should -Be $true, $true
        $gone | ForEach-Object { $_.AlsoLost.Count } | Should -Be 0, 0
        $left = Invoke-WebRequest "http://$($World.Registry)/v2/$repository/manifests/$tag" -Headers @{ Accept = $indexType } -NoProxy
        $list = [Text.Encoding]::UTF8.GetString($left.Content) | ConvertFrom-Json
        $list.manifests.digest | Should -BeExactly $entries[1].digest, $entries[3].digest
        $list.manifests[0].annotations.note, $list.'x-own' | Should -BeExactly "caf`u{e9}", 1
        (Get-ImageReferrer "${place}:1.0").Digest | Sort-Object | Should -BeExactly @($entries[1].digest, $entries[3].digest | Sort-Object)
    }

    It 'leaves an empty list, which keeps no image' {
        Skip-Without Registry
        $repository = New-Repository
        $place = "$($World.Registry)/$repository"
        $subject = Push-Image $repository
        $tag = $subject.digest -replace ':', '-'
        $signature = Push-Artifact $repository application/vnd.example.signature $subject -Tag signed
        $null = Push-Document $repository ([ordered]@{ schemaVersion = 2; mediaType = $indexType; manifests = @($signature) }) $tag

        # by its tag, and the manifest goes with it as it does where the registry keeps the list
        (Remove-Image "${place}:signed" -Confirm:$false -ErrorAction Stop).IsImageGone | Should -BeTrue
        Get-PeerReferrer $repository $subject.digest | Should -BeNullOrEmpty
        Get-PeerTag $repository | Should -BeExactly '1.0', $tag
        (skopeo inspect --raw --tls-verify=false "docker://${place}:$tag" | ConvertFrom-Json).mediaType | Should -BeExactly $indexType
        Get-ImageReferrer "${place}:1.0" | Should -BeNullOrEmpty

        # what comes next finds its place
        $sbom = Push-Artifact $repository application/spdx+json $subject -Tag kept
        $null = Copy-Image "${place}:kept" "${place}:sbom" -ErrorAction Stop
        Get-PeerReferrer $repository $subject.digest | Should -BeExactly $sbom.digest
        $null = 'kept', 'sbom' | ForEach-Object { "${place}:$_" } | Remove-Image -Confirm:$false -ErrorAction Stop
        Get-PeerReferrer $repository $subject.digest | Should -BeNullOrEmpty

        $gone = Remove-Image "${place}:1.0" -Confirm:$false -ErrorAction Stop
        $gone.IsImageGone | Should -BeTrue
        $null = Remove-Image "${place}:$tag" -Confirm:$false -ErrorAction Stop
        Get-PeerTag $repository | Should -BeNullOrEmpty
    }

    It 'removes an image with all that refers to it in one command' {
        Skip-Without Registry
        $repository = New-Repository
        $place = "$($World.Registry)/$repository"
        $subject = Push-Image $repository
        $entries = @(1..3 | ForEach-Object { Push-Artifact $repository "application/vnd.example.n$_" $subject })
        $null = Push-Document $repository ([ordered]@{ schemaVersion = 2; mediaType = $indexType; manifests = $entries }) ($subject.digest -replace ':', '-')
        # not without them
        Remove-Image "$place@$($subject.digest)" -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'ConfirmationNeeded,OciTools.Commands.RemoveImageCommand'
        $names = @("${place}:1.0") + @((Get-ImageReferrer "${place}:1.0").Digest | ForEach-Object { "$place@$_" })
        $gone = $names | Remove-Image -Confirm:$false -ErrorAction Stop
        $gone.IsGone | Should -Be $true, $true, $true, $true
        ($gone | Where-Object Image -Like '*:1.0').IsImageGone | Should -BeTrue
        Get-PeerReferrer $repository $subject.digest | Should -BeNullOrEmpty
    }
}
