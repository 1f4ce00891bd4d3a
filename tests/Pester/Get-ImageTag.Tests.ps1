BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    function Get-PeerTag([string] $Repository) { (Invoke-RestMethod "http://$($World.Registry)/v2/$Repository/tags/list" -NoProxy).tags }
}

Describe 'Get-ImageTag' {
    It 'lists what the registry lists' {
        Skip-Without Registry
        $tags = @(Get-ImageTag "$($World.Registry)/fixture/multi")
        $tags.Tag | Should -Be @(Get-PeerTag fixture/multi)
        $tags.Image | Should -Be @(Get-PeerTag fixture/multi | ForEach-Object { "$($World.Registry)/fixture/multi:$_" })
        $tags[0].Repository | Should -BeExactly "$($World.Registry)/fixture/multi"
        $tags | Where-Object { $null -ne $_.Digest -or $null -ne $_.Size } | Should -BeNullOrEmpty
    }
    It 'does not mind a tag or a digest in the name' {
        Skip-Without Registry
        $expected = @(Get-PeerTag fixture/multi)
        (Get-ImageTag "$($World.Registry)/fixture/multi:none").Tag | Should -Be $expected
        (Get-ImageDigest "$($World.Registry)/fixture/multi:1.0" -Platform linux/amd64 | Get-ImageTag).Tag | Should -Be $expected
    }
    It 'takes wildcards on tags, in any case' {
        Skip-Without Registry
        (Get-ImageTag "$($World.Registry)/fixture/multi" LI*).Tag | Should -BeExactly 'list'
        (Get-ImageTag "$($World.Registry)/fixture/multi" -Tag '1.?', none).Tag | Should -BeExactly '1.0'
        Get-ImageTag "$($World.Registry)/fixture/multi" none | Should -BeNullOrEmpty
        { Get-ImageTag "$($World.Registry)/fixture/multi" 'a[' } | Should -Throw -ErrorId 'InvalidImageName,OciTools.Commands.GetImageTagCommand'
    }
    It 'gives the details of each tag' {
        Skip-Without Registry
        $peer = "docker://$($World.Registry)/fixture/multi"
        $tags = @(Get-ImageTag "$($World.Registry)/fixture/multi" '1.0', list -Platform linux/arm64)
        $tags.Tag | Sort-Object | Should -Be '1.0', 'list'
        foreach ($tag in $tags) {
            $manifest = Get-PeerChild "${peer}:$($tag.Tag)" arm64
            $tag.Digest | Should -BeExactly (Get-PeerDigest "${peer}:$($tag.Tag)")
            $tag.ImageId | Should -BeExactly $manifest.config.digest
            $tag.Size | Should -Be ($manifest.config.size + ($manifest.layers | Sort-Object { $_.digest } -Unique | Measure-Object { $_.size } -Sum).Sum)
            $tag.Platform | Should -BeExactly 'linux/arm64'
            $tag.Platforms | Should -Be 'linux/amd64', 'linux/arm64'
            $created = (Get-PeerConfig "${peer}:$($tag.Tag)" arm64).created
            if ($created) { $tag.Created | Should -Be ([datetime]::Parse($created, [cultureinfo]::InvariantCulture)) }
        }
        (Get-ImageTag "$($World.Registry)/fixture/multi" 1.0 -Detailed).ImageId | Should -BeExactly (Get-ImageConfig "$($World.Registry)/fixture/multi:1.0").ImageId
    }
    It 'groups, sorts and goes on into other cmdlets' {
        Skip-Without App
        $tags = @(Get-ImageTag "$($World.Registry)/fixture/app" -Detailed)
        ($tags | Group-Object Digest | ForEach-Object Count | Measure-Object -Sum).Sum | Should -Be $tags.Count
        ($tags | Sort-Object Created).Created | Should -Be @($tags.Created | Sort-Object)
        (Get-ImageTag "$($World.Registry)/fixture/app" | Get-ImageDigest).Digest | Should -Be $tags.Digest
    }
    It 'says which repository is not there, and goes on' {
        Skip-Without Registry
        $tags = @("$($World.Registry)/fixture/nothing", "$($World.Registry)/fixture/multi" | Get-ImageTag -ErrorAction SilentlyContinue -ErrorVariable failure)
        $tags.Count | Should -Be @(Get-PeerTag fixture/multi).Count
        $failure.FullyQualifiedErrorId | Should -BeExactly 'ImageNotFound,OciTools.Commands.GetImageTagCommand'
        $failure.TargetObject | Should -BeExactly "$($World.Registry)/fixture/nothing"
    }
    It 'lists the tags of a layout' {
        Skip-Without App
        (Get-ImageTag "oci:$($World.Layout)").Tag | Sort-Object | Should -Be 'app', 'multi'
        (Get-ImageTag -LiteralPath $World.Layout | Get-ImageManifest).Digest | Sort-Object | Should -Be @('app', 'multi' | ForEach-Object { Get-PeerDigest "oci:$($World.Layout):$_" } | Sort-Object)
    }
    It 'lists the tags of one repository of an archive' {
        Skip-Without App
        (Get-ImageTag "docker-archive:$($World.SaveTwoArchive)").Image.Count | Should -Be 2
        $tag = Get-ImageTag "docker-archive:$($World.SaveTwoArchive):fixture/app:1.0" -Detailed
        "$($tag.Repository):$($tag.Tag)" | Should -BeExactly 'fixture/app:1.0'
        $tag.ImageId | Should -BeExactly $World.AppId
    }
    It 'lists the tags of a repository of the engine' {
        Skip-Without App
        $peer = @(docker images --no-trunc --format '{{json .}}' fixture/app | ConvertFrom-Json | Where-Object Tag -NE '<none>')
        $tags = @(Get-ImageTag docker-daemon:fixture/app)
        $tags | ForEach-Object { "$($_.Tag) $($_.ImageId)" } | Sort-Object | Should -Be @($peer | ForEach-Object { "$($_.Tag) $($_.ID)" } | Sort-Object)
        (Get-ImageTag docker-daemon:fixture/app 1.0 -Detailed).Platforms | Should -Be (Get-ImageConfig docker-daemon:fixture/app:1.0).Platform
    }
    It 'knows no repository for the id of an image of the engine' {
        Skip-Without App
        Get-ImageTag "docker-daemon:$($World.AppId)" -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'UnsupportedPlace,OciTools.Commands.GetImageTagCommand'
        Get-ImageTag docker-daemon:fixture/nothing -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'ImageNotFound,OciTools.Commands.GetImageTagCommand'
    }

    Context 'a registry with thousands of tags' {
        BeforeAll {
            if ($World['Registry']) {
                # a tag of docker-registry is a folder with two links to the digest
                $root = Join-Path $World.Folder 'registry' 'docker' 'registry' 'v2' 'repositories' 'fixture'
                $source = Join-Path $root 'multi'
                $many = Join-Path $root 'many'
                Copy-Item -Recurse $source $many
                $link = Get-Content -Raw (Join-Path $many '_manifests' 'tags' '1.0' 'current' 'link')
                foreach ($i in 0..1499) {
                    $folder = (New-Item -ItemType Directory (Join-Path $many '_manifests' 'tags' ('t{0:0000}' -f $i) 'current')).FullName
                    [IO.File]::WriteAllText((Join-Path $folder 'link'), $link)
                }
            }
        }
        AfterAll { if ($World['Registry']) { Remove-Item -Recurse -LiteralPath $many } }

        It 'gives all of them, and stops for one' {
            Skip-Without Registry
            (Get-ImageTag "$($World.Registry)/fixture/many").Tag | Should -Be @(Get-PeerTag fixture/many)
            $clock = [Diagnostics.Stopwatch]::StartNew()
            (Get-ImageTag "$($World.Registry)/fixture/many" t* -Detailed | Select-Object -First 1).Tag | Should -BeExactly @(Get-PeerTag fixture/many | Where-Object { $_ -like 't*' })[0]
            $clock.ElapsedMilliseconds | Should -BeLessThan 5000
        }
    }
}
