BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $multi = @(Get-MultiPlace)
    $single = @(Get-SinglePlace)
}
BeforeAll { . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1') }

Describe 'Get-ImageManifest' {
    Context 'an index in <Place>' -ForEach $multi {
        It 'is the document that skopeo gives' {
            Skip-Without Registry, $Key
            $index = Get-ImageManifest $Name
            $document = Get-PeerRaw $Peer
            $index | Should -BeOfType ([OciTools.ImageIndex])
            $index.Digest | Should -BeExactly (Get-PeerDigest $Peer)
            $index.MediaType | Should -BeExactly $document.mediaType
            $index.Manifests.Digest | Should -Be $document.manifests.digest
            $index.Manifests.Size | Should -Be $document.manifests.size
            $index.Manifests.Platform | Should -Be 'linux/amd64', 'linux/arm64'
        }
        It 'gives the image of a platform' {
            Skip-Without Registry, $Key
            $manifest = Get-ImageManifest $Name -Platform linux/arm64
            $manifest | Should -BeOfType ([OciTools.ImageManifest])
            $manifest.Digest | Should -BeExactly (Get-PeerRaw $Peer).manifests[1].digest
            $manifest.Layers.Digest | Should -Be (Get-PeerChild $Peer arm64).layers.digest
        }
        It 'gives the index and every child with -All' {
            Skip-Without Registry, $Key
            $documents = @(Get-ImageManifest $Name -All)
            $documents.Digest | Should -Be (@(Get-PeerDigest $Peer) + (Get-PeerRaw $Peer).manifests.digest)
        }
        It 'names each child so that the name leads back to it' {
            Skip-Without Registry, $Key
            $child = Get-ImageManifest $Name -Platform linux/arm64
            (Get-ImageManifest $child.Image).Digest | Should -BeExactly $child.Digest
        }
        It 'writes the exact bytes, whose sha256sum is the digest' {
            Skip-Without Registry, $Key
            $file = Join-Path $TestDrive "$([guid]::NewGuid()).json"
            Get-ImageManifest $Name -OutFile $file
            Get-FileSha256 $file | Should -BeExactly (Get-PeerDigest $Peer)
            (Get-ImageManifest $Name -Raw) | Should -BeExactly ([IO.File]::ReadAllText($file))
        }
    }

    Context 'one image in <Place>' -ForEach $single {
        It 'is the document that skopeo gives' {
            Skip-Without Registry, $Key
            $manifest = Get-ImageManifest $Name
            $document = Get-PeerRaw $Peer
            $manifest | Should -BeOfType ([OciTools.ImageManifest])
            $manifest.Digest | Should -BeExactly (Get-PeerDigest $Peer)
            $manifest.Config.Digest | Should -BeExactly $document.config.digest
            $manifest.Layers.Digest | Should -Be $document.layers.digest
            $manifest.Layers.Size | Should -Be $document.layers.size
        }
    }

    Context 'places without a manifest' {
        It 'says NoManifest for <_>' -ForEach 'docker-daemon:fixture/app:1.0', 'docker-archive:' {
            Skip-Without App
            $name = $_ -eq 'docker-archive:' ? "docker-archive:$($World.SaveArchive)" : $_
            Get-ImageManifest $name -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'NoManifest,OciTools.Commands.GetImageManifestCommand'
        }
        It 'names the registry digest to ask instead' {
            Skip-Without App
            Get-ImageManifest "docker-daemon:$($World.Registry)/fixture/app:1.0" -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure[0].Exception.Message + $failure[0].ErrorDetails.RecommendedAction | Should -Match ([regex]::Escape((Get-PeerDigest "docker://$($World.Registry)/fixture/app:1.0")))
        }
    }

    Context 'what goes wrong' {
        It 'goes on past names that fail, and says what was given' {
            Skip-Without Registry
            $good = "$($World.Registry)/fixture/multi:1.0"
            $names = $good, "$($World.Registry)/fixture/multi:none", 'Bad Name', "$($World.Registry)/fixture/multi:list"
            $got = @($names | Get-ImageManifest -ErrorAction SilentlyContinue -ErrorVariable failures)
            $got.Digest | Should -Be @((Get-PeerDigest "docker://$good"), (Get-PeerDigest "docker://$($names[3])"))
            $failures.FullyQualifiedErrorId | Should -Be 'ImageNotFound,OciTools.Commands.GetImageManifestCommand', 'InvalidImageName,OciTools.Commands.GetImageManifestCommand'
            $failures.TargetObject | Should -Be $names[1], $names[2]
        }
        It 'keeps a file that is there, unless -Force' {
            $file = Join-Path $TestDrive 'there.json'
            Set-Content $file 'mine'
            Get-ImageManifest $World.Sample -OutFile $file -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure.FullyQualifiedErrorId | Should -BeExactly 'FileExists,OciTools.Commands.GetImageManifestCommand'
            Get-Content $file | Should -BeExactly 'mine'
            Get-ImageManifest $World.Sample -OutFile $file -Force
            Get-FileSha256 $file | Should -BeExactly (Get-PeerDigest "oci:$($World.Sample):1.0")
        }
        It 'says PlatformNotFound and lists what there is' {
            Get-ImageManifest $World.Sample -Platform linux/s390x -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure.FullyQualifiedErrorId | Should -BeExactly 'PlatformNotFound,OciTools.Commands.GetImageManifestCommand'
            $failure[0].Exception.Message | Should -Match 'linux/arm64'
        }
        It 'says PathNotFound for a path that is not there' {
            Get-ImageManifest -LiteralPath (Join-Path $TestDrive 'nothing') -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure.FullyQualifiedErrorId | Should -BeExactly 'PathNotFound,OciTools.Commands.GetImageManifestCommand'
        }
        It 'says AmbiguousImage for a place with several images and no name' {
            Skip-Without App
            Get-ImageManifest "oci:$($World.Layout)" -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure.FullyQualifiedErrorId | Should -BeExactly 'AmbiguousImage,OciTools.Commands.GetImageManifestCommand'
        }
    }

    Context 'files' {
        BeforeAll {
            $folder = Join-Path $TestDrive 'files[1]'
            $null = New-Item -ItemType Directory $folder
            Copy-Item -Recurse $World.Sample (Join-Path $folder 'layout')
            $digest = Get-PeerDigest "oci:$($World.Sample):1.0"
        }
        It 'takes what Get-ChildItem gives' {
            (Get-ChildItem -LiteralPath $folder | Get-ImageManifest).Digest | Should -BeExactly $digest
        }
        It 'takes archives that Get-ChildItem gives' {
            Skip-Without OciArchive
            $archives = Get-ChildItem (Split-Path $World.OciArchive) -Filter multi.oci.tar*
            ($archives | Get-ImageManifest).Digest | Should -Be (@($digest) * $archives.Count)
        }
        It 'takes files that did not come from a PowerShell drive' {
            ([IO.DirectoryInfo]::new((Join-Path $folder 'layout')) | Get-ImageManifest).Digest | Should -BeExactly $digest
            # not a repository of Docker Hub by the name of the file
            [IO.FileInfo]::new('no-such-file.tar') | Get-ImageManifest -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
            $failure.FullyQualifiedErrorId | Should -BeExactly 'PathNotFound,OciTools.Commands.GetImageManifestCommand'
        }
        It 'expands wildcards of -Path' {
            (Get-ImageManifest -Path (Join-Path $TestDrive 'files?1?' 'lay*')).Digest | Should -BeExactly $digest
        }
        It 'takes -LiteralPath as it is written' {
            (Get-ImageManifest -LiteralPath (Join-Path $folder 'layout')).Digest | Should -BeExactly $digest
        }
        It 'starts relative paths at the location of PowerShell' {
            Push-Location -LiteralPath $folder
            try { $manifest = Get-ImageManifest oci:layout:1.0 } finally { Pop-Location }
            $manifest.Digest | Should -BeExactly $digest
            $manifest.Image | Should -BeExactly "oci:$(Join-Path $folder 'layout'):1.0"
        }
    }
}
